//! Each wanted platform has a manifest.
//!
//! An index can list a platform whose manifest is gone, or whose config says another platform.

use crate::observation::{Fact, PlatformObservation, Unavailable};
use crate::oci::Platform;
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::subject::{gravest, no_image, unasked};
use super::wording::{clauses, listed, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    subject.with_manifest(|_| {
        let (mut missing, mut unlooked, mut is_silent) = (Vec::new(), Vec::new(), false);
        for wanted in &subject.request.expectation.platforms {
            match standing(subject, wanted) {
                Standing::Found => {}
                Standing::Missing => missing.push(wanted),
                Standing::Unlooked => unlooked.push(quoted(wanted)),
                Standing::Silent => is_silent = true,
            }
        }
        if !missing.is_empty() {
            return Outcome::Failed(not_there(subject, &missing));
        }
        let hollow: Vec<_> = subject.images().filter_map(hollow).collect();
        if !hollow.is_empty() {
            let reason = Reason::PlatformMissing;
            let finding = Finding::new(reason, clauses(hollow));
            return Outcome::Failed(finding.hint(reason.advice()));
        }
        let gone: Vec<_> = subject.images().filter(|image| is_gone(image)).map(named).collect();
        if !gone.is_empty() {
            let reason = Reason::ManifestMissing;
            let message =
                format!("listed in the index, and the manifest is gone: {}", listed(gone));
            let hint = format!("{}\n{}", reason.advice(), without(subject));
            return Outcome::Failed(Finding::new(reason, message).hint(hint));
        }
        if let Some(why) = gravest(subject.images().filter_map(trouble)) {
            return Outcome::Errored(why.finding());
        }
        let others: Vec<_> =
            subject.images().filter(|image| is_another(image)).map(named).collect();
        if !others.is_empty() {
            let names = listed(others);
            return Outcome::skipped(format!("there is no manifest to look at for {names}"));
        }
        if !unlooked.is_empty() {
            return unasked(&listed(unlooked));
        }
        if is_silent {
            return silent();
        }
        passed(subject)
    })
}

/// What became of one wanted platform.
enum Standing {
    /// There is an image of it.
    Found,
    /// There is none.
    Missing,
    /// The manifest offers it, and the observation does not hold it.
    Unlooked,
    /// An image that does not say its platform may be the one.
    Silent,
}

fn standing(subject: &Subject<'_>, wanted: &Platform) -> Standing {
    // Of several that an index lists for it, engines take the first.
    let first = subject.images().find(|image| image.listed_as.as_ref() == Some(wanted));
    if first.and_then(contradiction).is_some() {
        return Standing::Missing;
    }
    if subject.images().any(|image| is_listed_or_is(image, wanted)) {
        return Standing::Found;
    }
    let is_held = subject
        .images()
        .any(|image| image.listed_as.as_ref() == Some(wanted) || image.platform() == Some(wanted));
    if subject.observation.offered.contains(wanted) && !is_held {
        return Standing::Unlooked;
    }
    if subject.images().any(|image| image.platform().is_none()) {
        return Standing::Silent;
    }
    Standing::Missing
}

/// Whether an image is the one that a puller on `wanted` gets. Index and config must agree on operating
/// system and architecture; they often differ in the variant, which many configs leave out.
fn is_listed_or_is(image: &PlatformObservation, wanted: &Platform) -> bool {
    let said = image.image_config().map(|config| &config.platform);
    match (&image.listed_as, said) {
        (Some(listed), Some(said)) => {
            listed.is_same_machine(said) && (listed == wanted || said == wanted)
        }
        (Some(known), None) | (None, Some(known)) => known == wanted,
        (None, None) => false,
    }
}

fn is_gone(image: &PlatformObservation) -> bool {
    match &image.manifest {
        Fact::Absent(denial) => denial.reason != Reason::ContentDiffers,
        Fact::Present(_) | Fact::Unknown(_) => false,
    }
}

/// Whether its manifest is there, and cannot be read because it is another one than its digest's.
fn is_another(image: &PlatformObservation) -> bool {
    match &image.manifest {
        Fact::Absent(denial) => denial.reason == Reason::ContentDiffers,
        Fact::Present(_) | Fact::Unknown(_) => false,
    }
}

/// How to verify an index without the images of it that are gone.
fn without(subject: &Subject<'_>) -> String {
    let whole = |image: &&PlatformObservation| image.image_config().is_some();
    let there: Vec<_> =
        subject.images().filter(whole).filter_map(PlatformObservation::platform).collect();
    let options = there.iter().take(3).map(|platform| format!("--platform {platform}"));
    let options = options.collect::<Vec<_>>().join(" ");
    if options.is_empty() || there.len() > 3 {
        "If you deploy other platforms only, name them with `--platform`.".to_owned()
    } else {
        format!("If you deploy the others only, name them: `{options}`.")
    }
}

/// What is said of an index inside the index that does not hold the platform it is listed under.
fn hollow(image: &PlatformObservation) -> Option<String> {
    match &image.manifest {
        Fact::Absent(denial) if denial.reason == Reason::PlatformMissing => {
            let listed = image.listed_as.as_ref().map_or_else(|| named(image), quoted);
            Some(format!("{listed} is listed in the index, and {}", denial.said))
        }
        Fact::Present(_) | Fact::Absent(_) | Fact::Unknown(_) => None,
    }
}

/// What keeps an image's platform, or its manifest, from being known.
fn trouble(image: &PlatformObservation) -> Option<&Unavailable> {
    match (&image.manifest, &image.config) {
        (Fact::Unknown(why), _) | (_, Fact::Unknown(why)) => Some(why),
        (Fact::Present(_) | Fact::Absent(_), Fact::Present(_) | Fact::Absent(_)) => None,
    }
}

fn named(image: &PlatformObservation) -> String {
    match image.platform() {
        Some(platform) => format!("{} ({})", quoted(platform), quoted(&image.digest.short())),
        None => quoted(&image.digest.short()),
    }
}

/// The images whose config says another platform than the index, a clause each.
fn mislisted(subject: &Subject<'_>) -> Vec<String> {
    let clause = |(listed, said): (&Platform, &Platform)| {
        format!("{} is listed, and the config behind it says {}", quoted(listed), quoted(said))
    };
    subject.images().filter_map(contradiction).map(clause).collect()
}

/// What the index lists and what the config says, where these are two machines.
fn contradiction(image: &PlatformObservation) -> Option<(&Platform, &Platform)> {
    let listed = image.listed_as.as_ref()?;
    let said = &image.image_config()?.platform;
    (!listed.is_same_machine(said)).then_some((listed, said))
}

fn not_there(subject: &Subject<'_>, missing: &[&Platform]) -> Finding {
    let wanted = listed(missing.iter().map(quoted));
    let offered = &subject.observation.offered;
    let mislisted = mislisted(subject);
    let is_mislisted = !mislisted.is_empty();
    let message = if is_mislisted {
        format!("no manifest for {wanted}: {}", clauses(mislisted))
    } else if offered.is_empty() {
        format!("no manifest for {wanted}; the image offers none")
    } else {
        format!("no manifest for {wanted}; the image offers {}", listed(offered.iter().map(quoted)))
    };
    let said: Vec<_> = if is_mislisted {
        subject.images().filter_map(PlatformObservation::platform).collect()
    } else {
        offered.iter().collect()
    };
    let observed = if said.is_empty() { "none".to_owned() } else { plain(&said) };
    Finding::new(Reason::PlatformMissing, message)
        .compared(plain(missing), observed)
        .hint(Reason::PlatformMissing.advice())
}

fn plain(platforms: &[&Platform]) -> String {
    listed(platforms.iter().map(ToString::to_string))
}

fn silent() -> Outcome {
    Outcome::skipped("the config is gone, and nothing else says the platform")
}

fn passed(subject: &Subject<'_>) -> Outcome {
    let wanted = &subject.request.expectation.platforms;
    let names: Vec<_> = if wanted.is_empty() {
        let known = |image: &'_ PlatformObservation| {
            image.listed_as.as_ref().or(image.platform()).map(quoted)
        };
        subject.images().filter_map(known).collect()
    } else {
        wanted.iter().map(quoted).collect()
    };
    if subject.images().next().is_none() {
        return no_image();
    }
    if names.is_empty() {
        return silent();
    }
    let mislisted = mislisted(subject);
    Outcome::Passed {
        message: format!("found {}", listed(names)),
        note: (!mislisted.is_empty()).then(|| clauses(mislisted)),
    }
}

#[cfg(test)]
mod tests;
