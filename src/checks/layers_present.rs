//! The config and every layer of the wanted platforms can be had, in the size that the manifest says.

use std::collections::{BTreeMap, BTreeSet};

use crate::observation::{BlobObservation, Fact, PlatformObservation, Unavailable};
use crate::oci::{Descriptor, Digest, ImageManifest};
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::subject::{gravest, no_image, unasked};
use super::wording::{clauses, cleaned, listed, noted, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    subject.with_manifest(|_| {
        if let Some(why) = &subject.observation.layers_skipped {
            return Outcome::skipped(why.clone());
        }
        let observed = observed(subject);
        let mut tally = Tally::default();
        for image in subject.images() {
            match (&image.manifest, &image.config) {
                // Among others, and listed under no platform: only its config says whether it counts.
                (Fact::Present(Ok(_)), Fact::Unknown(why))
                    if image.listed_as.is_none() && subject.images().nth(1).is_some() =>
                {
                    tally.unknown.push(why);
                }
                (Fact::Present(Ok(manifest)), _) => {
                    let of = subject.platform_name(image);
                    let of = of.map_or_else(String::new, |name| format!(" of {name}"));
                    tally.add(&of, image, manifest, &observed);
                }
                (Fact::Present(Err(_)) | Fact::Absent(_), _) => {
                    tally.without.push(subject.name(image));
                }
                (Fact::Unknown(why), _) => tally.unknown.push(why),
            }
        }
        tally.outcome()
    })
}

/// What is known of each blob. One that several platforms share may have been asked for once only; if
/// it was asked for more than once, the worst answer counts.
type Observed<'a> = BTreeMap<(&'a Digest, u64), &'a Fact<u64>>;

fn observed<'a>(subject: &Subject<'a>) -> Observed<'a> {
    let rank = |fact: &Fact<u64>, size: u64| match fact {
        Fact::Present(seen) if *seen == size => 0,
        Fact::Unknown(_) => 1,
        Fact::Present(_) | Fact::Absent(_) => 2,
    };
    let mut observed = Observed::new();
    for blob in subject.observation.images.iter().flat_map(|image| &image.blobs) {
        let BlobObservation { role: _, descriptor, size } = blob;
        let known = observed.entry((&descriptor.digest, descriptor.size)).or_insert(size);
        if rank(size, descriptor.size) > rank(known, descriptor.size) {
            *known = size;
        }
    }
    observed
}

/// What dockerd 20.10 takes (`max depth exceeded` from there on, measured); containerd took 200.
const MOST_OF_DOCKER: usize = 125;

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
}

#[derive(Default)]
struct Tally<'a> {
    /// The blobs that were met; layers are often shared between platforms, and told once.
    met: BTreeSet<(Digest, u64)>,
    problems: Vec<Problem>,
    /// Layers that are kept elsewhere and were never in this registry.
    elsewhere: Vec<String>,
    /// The most layers of one image.
    most_layers: usize,
    unknown: Vec<&'a Unavailable>,
    /// Blobs that were not asked for at all.
    unlooked: Vec<String>,
    /// Images whose manifest is not there.
    without: Vec<String>,
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
        let ImageManifest { media_type: _, config, layers } = manifest;
        self.most_layers = self.most_layers.max(layers.len());
        if self.is_new(config) {
            let which = format!("config{of}");
            match (observed.get(&(&config.digest, config.size)), &image.config) {
                (_, Fact::Absent(denial)) => {
                    self.note(which, config, Seen::Gone(denial.said.clone()));
                }
                (Some(size), Fact::Present(_) | Fact::Unknown(_)) => {
                    self.judge(which, config, size);
                }
                // Its bytes arrived whole and hash to its digest.
                (None, Fact::Present(_)) => {}
                (None, Fact::Unknown(why)) => self.unknown.push(why),
            }
        }
        for (index, layer) in layers.iter().enumerate() {
            if !self.is_new(layer) {
                continue;
            }
            let which = format!("layer {} of {}{of}", index + 1, layers.len());
            match observed.get(&(&layer.digest, layer.size)) {
                Some(size) => self.judge(which, layer, size),
                None => self.unlooked.push(which),
            }
        }
    }

    fn is_new(&mut self, blob: &Descriptor) -> bool {
        self.met.insert((blob.digest.clone(), blob.size))
    }

    fn note(&mut self, which: String, blob: &Descriptor, seen: Seen) {
        self.problems.push(Problem { which, descriptor: blob.clone(), seen });
    }

    fn judge(&mut self, which: String, blob: &Descriptor, size: &'a Fact<u64>) {
        match size {
            Fact::Present(size) if *size == blob.size => {}
            Fact::Present(size) => self.note(which, blob, Seen::Size(*size)),
            // Kept elsewhere on purpose only where the registry itself never had it.
            Fact::Absent(denial) if blob.has_urls && denial.reason == Reason::BlobMissing => {
                self.elsewhere.push(which);
            }
            Fact::Absent(denial) => self.note(which, blob, Seen::Gone(denial.said.clone())),
            Fact::Unknown(why) => self.unknown.push(why),
        }
    }

    fn outcome(self) -> Outcome {
        let Self { met, problems, elsewhere, most_layers, unknown, unlooked, without } = self;
        if !problems.is_empty() {
            return Outcome::Failed(finding(&problems));
        }
        if let Some(why) = gravest(unknown) {
            return Outcome::Errored(why.finding());
        }
        if !unlooked.is_empty() {
            return unasked(&listed(unlooked));
        }
        if !without.is_empty() {
            let names = listed(without);
            return Outcome::skipped(format!("there is no manifest to look at for {names}"));
        }
        if met.is_empty() {
            return no_image();
        }
        let elsewhere = (!elsewhere.is_empty()).then(|| {
            format!(
                "kept elsewhere by the image's own choice (`urls`), never in this registry and not looked at \
                 (docker on Linux does not look there either, and pulls no such image): {}",
                listed(elsewhere)
            )
        });
        let deep = (most_layers > MOST_OF_DOCKER).then(|| {
            format!("docker starts no image of more than {MOST_OF_DOCKER} layers, and here are {most_layers}")
        });
        let note = noted(elsewhere.into_iter().chain(deep));
        let message = format!("config and layers can be pulled ({} blobs)", met.len());
        Outcome::Passed { message, note }
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
