//! The config and every layer of the wanted platforms can be pulled, in the size that the manifest gives.

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{BlobObservation, Fact, PlatformObservation, Proof, Unavailable};
use crate::oci::{Descriptor, Digest, ImageManifest, Platform};
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::subject::{Gaps, no_image};
use super::wording::{clauses, cleaned, listed, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    subject.with_manifest(|_| match &subject.observation.layers_skipped {
        Some(why) => Outcome::skipped(why.clone()),
        None => tally(subject).outcome(),
    })
}

/// What a yes does not prove, a sentence each: layers that were only announced, and layers that this registry
/// need not hold. `is_read` says that every byte of them was read since.
pub(super) fn unproven(subject: &Subject<'_>, is_read: bool) -> Vec<String> {
    let Tally { elsewhere, announced, .. } = tally(subject);
    let is_open = !announced.is_empty() && !is_read;
    let announced = is_open.then(|| {
        format!(
            "announced, not read, because the server ignores ranges and no more is read of an image or a run: {}",
            listed(announced)
        )
    });
    let elsewhere = (!elsewhere.is_empty()).then(|| {
        format!(
            "kept elsewhere by the image's own choice (`urls`), not in this registry, and not requested there: {}",
            listed(elsewhere)
        )
    });
    announced.into_iter().chain(elsewhere).collect()
}

fn tally<'a>(subject: &Subject<'a>) -> Tally<'a> {
    let observed = observed(subject);
    let mut tally = Tally::default();
    for image in subject.images() {
        match (&image.manifest, &image.config) {
            // Among others, and listed under no platform: only its config says whether it counts.
            (Fact::Present(Ok(_)), Fact::Unknown(why))
                if image.listed_as.is_none() && subject.images().nth(1).is_some() =>
            {
                tally.gaps.unknown.push(why);
            }
            (Fact::Present(Ok(manifest)), _) => {
                let of = subject.platform_name(image);
                let of = of.map_or_else(String::new, |name| format!(" of {name}"));
                tally.add(&of, image, manifest, &observed);
            }
            (Fact::Present(Err(_)) | Fact::Absent(_), _) => {
                tally.gaps.without.push(subject.name(image));
            }
            (Fact::Unknown(why), _) => tally.gaps.unknown.push(why),
        }
    }
    tally
}

/// What is known of each blob. One that several platforms share may have been asked for once only; if
/// it was asked for more than once, the worst answer counts.
type Observed<'a> = BTreeMap<(&'a Digest, u64), (&'a Fact<u64>, Proof)>;

fn observed<'a>(subject: &Subject<'a>) -> Observed<'a> {
    let rank = |(fact, proof): (&Fact<u64>, Proof), size: u64| match fact {
        Fact::Present(seen) if *seen == size => match proof {
            Proof::Read => 0,
            Proof::Announced => 1,
            Proof::Exceeded => 3,
        },
        Fact::Unknown(_) => 2,
        Fact::Present(_) | Fact::Absent(_) => 3,
    };
    let mut observed = Observed::new();
    for blob in subject.observation.images.iter().flat_map(|image| &image.blobs) {
        let BlobObservation { role: _, descriptor, size, proof } = blob;
        let said = (size, *proof);
        let known = observed.entry((&descriptor.digest, descriptor.size)).or_insert(said);
        if rank(said, descriptor.size) > rank(*known, descriptor.size) {
            *known = said;
        }
    }
    observed
}

/// Whether a layer may be kept elsewhere: only those of Windows are, and engines fetch no other.
#[derive(Clone, Copy)]
enum Elsewhere<'a> {
    Allowed,
    Refused,
    Unknown(&'a Unavailable),
}

impl<'a> Elsewhere<'a> {
    fn of(image: &'a PlatformObservation) -> Self {
        let is_listed = || image.listed_as.as_ref().is_some_and(is_windows);
        match &image.config {
            Fact::Present(Ok(config)) => Self::on(is_windows(&config.platform)),
            Fact::Present(Err(_)) | Fact::Absent(_) => Self::on(is_listed()),
            Fact::Unknown(why) => Self::Unknown(why),
        }
    }
}

impl Elsewhere<'_> {
    fn on(windows: bool) -> Self {
        if windows { Self::Allowed } else { Self::Refused }
    }
}

fn is_windows(platform: &Platform) -> bool {
    platform.os() == "windows"
}

/// A blob that is not as the manifest says.
struct Problem {
    /// `layer 2 of 3`, with its platform where there are several.
    which: String,
    descriptor: Descriptor,
    seen: Seen,
}

/// What was found in its place.
enum Seen {
    /// Nothing, in these words.
    Gone(String),
    /// As many bytes.
    Size(u64),
    /// More bytes than these.
    More(u64),
    /// Nothing that could be there: a size and a digest that contradict each other.
    Impossible,
}

#[derive(Default)]
struct Tally<'a> {
    /// The blobs that were met; layers are often shared between platforms, and told once.
    met: BTreeSet<(Digest, u64)>,
    problems: Vec<Problem>,
    /// The blobs of those problems.
    told: BTreeSet<(Digest, u64)>,
    /// Layers that are kept elsewhere and are not in this registry.
    elsewhere: Vec<String>,
    /// Layers that were announced in their size, and not read to their end.
    announced: Vec<String>,
    gaps: Gaps<'a>,
}

impl<'a> Tally<'a> {
    /// `of` is what follows a blob's role: nothing, or the platform.
    fn add(
        &mut self,
        of: &str,
        image: &'a PlatformObservation,
        manifest: &ImageManifest,
        observed: &Observed<'a>,
    ) {
        let ImageManifest { media_type: _, config, layers, annotations: _ } = manifest;
        // A platform's layer is judged by each descriptor that lists it: what excuses one of them does not
        // excuse another, of the same digest or not.
        let is_new = self.is_new(config);
        let which = format!("config{of}");
        match (observed.get(&(&config.digest, config.size)), &image.config) {
            (_, Fact::Absent(denial)) if denial.reason != Reason::ContentDiffers => {
                self.note(which, config, Seen::Gone(denial.said.clone()));
            }
            (Some(said), _) => self.judge(which, config, *said, Elsewhere::Refused, is_new),
            // Its bytes arrived whole; `manifest-intact` reports what they hash to.
            (None, Fact::Present(_) | Fact::Absent(_)) => {}
            (None, Fact::Unknown(why)) => self.gaps.unknown.push(why),
        }
        let elsewhere = Elsewhere::of(image);
        for (index, layer) in layers.iter().enumerate() {
            let is_new = self.is_new(layer);
            let which = format!("layer {} of {}{of}", index + 1, layers.len());
            if layer.is_impossible() {
                self.note(which, layer, Seen::Impossible);
                continue;
            }
            let elsewhere = if layer.is_kept_elsewhere() { elsewhere } else { Elsewhere::Refused };
            match observed.get(&(&layer.digest, layer.size)) {
                Some(said) => self.judge(which, layer, *said, elsewhere, is_new),
                None if is_new => self.gaps.unlooked.push(which),
                None => {}
            }
        }
    }

    fn is_new(&mut self, blob: &Descriptor) -> bool {
        self.met.insert((blob.digest.clone(), blob.size))
    }

    fn note(&mut self, which: String, blob: &Descriptor, seen: Seen) {
        if self.told.insert((blob.digest.clone(), blob.size)) {
            self.problems.push(Problem { which, descriptor: blob.clone(), seen });
        }
    }

    fn judge(
        &mut self,
        which: String,
        blob: &Descriptor,
        (size, proof): (&'a Fact<u64>, Proof),
        elsewhere: Elsewhere<'a>,
        is_new: bool,
    ) {
        match size {
            Fact::Present(size) if proof == Proof::Exceeded => {
                self.note(which, blob, Seen::More(*size));
            }
            Fact::Present(size) if *size != blob.size => self.note(which, blob, Seen::Size(*size)),
            Fact::Present(_) if proof == Proof::Announced && is_new => self.announced.push(which),
            Fact::Present(_) => {}
            Fact::Absent(denial) => match elsewhere {
                // Only where the registry itself does not have it: what it lists and its storage lost is gone.
                Elsewhere::Allowed if denial.reason == Reason::BlobMissing => {
                    self.elsewhere.push(which);
                }
                Elsewhere::Unknown(why) if denial.reason == Reason::BlobMissing => {
                    self.gaps.unknown.push(why);
                }
                Elsewhere::Allowed | Elsewhere::Refused | Elsewhere::Unknown(_) => {
                    self.note(which, blob, Seen::Gone(denial.said.clone()));
                }
            },
            Fact::Unknown(why) => self.gaps.unknown.push(why),
        }
    }

    fn outcome(self) -> Outcome {
        let Self { met, problems, told: _, elsewhere: _, announced: _, gaps } = self;
        if !problems.is_empty() {
            return Outcome::Failed(finding(&problems));
        }
        if let Some(outcome) = gaps.outcome("no manifest to look at") {
            return outcome;
        }
        if met.is_empty() {
            return no_image();
        }
        let message = format!("config and layers can be pulled ({} blobs)", met.len());
        Outcome::passed(message)
    }
}

fn finding(problems: &[Problem]) -> Finding {
    let is_gone = problems.iter().any(|problem| matches!(problem.seen, Seen::Gone(_)));
    let message = clauses(problems.iter().map(|Problem { which, descriptor, seen }| {
        let digest = quoted(&descriptor.digest);
        match seen {
            Seen::Gone(said) => format!("{which} ({digest}) is gone: {}", cleaned(said)),
            Seen::Size(size) => format!(
                "{which} ({digest}) has {size} bytes where the manifest says {}",
                descriptor.size
            ),
            Seen::More(size) => format!(
                "{which} ({digest}) has more than {size} bytes where the manifest says {}",
                descriptor.size
            ),
            Seen::Impossible if descriptor.size == 0 => {
                format!(
                    "{which} ({digest}) is said to be empty, and its digest is not that of nothing"
                )
            }
            Seen::Impossible => format!(
                "{which} ({digest}) is said to have {} bytes, and its digest is that of nothing",
                descriptor.size
            ),
        }
    }));
    let reason = if is_gone { Reason::BlobMissing } else { Reason::BlobSizeDiffers };
    let finding = Finding::new(reason, message).hint(reason.advice());
    match problems {
        [Problem { which: _, descriptor, seen: Seen::Size(size) }] => {
            finding.compared(format!("{} bytes", descriptor.size), format!("{size} bytes"))
        }
        _ => finding,
    }
}

#[cfg(test)]
mod tests;
