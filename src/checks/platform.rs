//! Each wanted platform has a manifest.
//!
//! An index can list a platform whose manifest is gone, or whose config says another platform.

use crate::observation::{Fact, PlatformObservation, Unavailable};
use crate::oci::Platform;
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::subject::{gravest, no_image};
use super::wording::{clauses, listed, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    subject.with_manifest(|_| {
        let gone: Vec<_> = subject.images().filter(|image| is_gone(image)).map(named).collect();
        let (missing, unknown) = missing(subject);
        if !missing.is_empty() {
            return Outcome::Failed(not_there(subject, &missing));
        }
        if !gone.is_empty() {
            let reason = Reason::ManifestMissing;
            let message = format!("listed, and its manifest is gone: {}", listed(gone));
            return Outcome::Failed(Finding::new(reason, message).hint(reason.advice()));
        }
        if let Some(why) = gravest(unknown.into_iter().chain(subject.images().filter_map(trouble)))
        {
            return Outcome::Errored(why.finding());
        }
        passed(subject)
    })
}

/// The wanted platforms that nothing was found for, and what keeps others from being known.
fn missing<'a>(subject: &Subject<'a>) -> (Vec<&'a Platform>, Vec<&'a Unavailable>) {
    let (mut missing, mut unknown) = (Vec::new(), Vec::new());
    for wanted in &subject.request.expectation.platforms {
        if subject.images().any(|image| is_listed_or_is(image, wanted)) {
            continue;
        }
        // An image whose platform nobody knows may be the wanted one.
        let open: Vec<_> = subject.images().filter(|image| image.platform().is_none()).collect();
        if open.is_empty() {
            missing.push(wanted);
        } else {
            unknown.extend(open.into_iter().filter_map(trouble));
        }
    }
    (missing, unknown)
}

/// Whether an image is the one that a puller on `wanted` gets. Index and config must agree on operating
/// system and architecture; they often differ in the variant, which many configs leave out.
fn is_listed_or_is(image: &PlatformObservation, wanted: &Platform) -> bool {
    let said = image.image_config().map(|config| &config.platform);
    match (&image.listed_as, said) {
        (Some(listed), Some(said)) => {
            is_same_machine(listed, said) && (listed == wanted || said == wanted)
        }
        (Some(known), None) | (None, Some(known)) => known == wanted,
        (None, None) => false,
    }
}

fn is_same_machine(left: &Platform, right: &Platform) -> bool {
    left.os() == right.os() && left.architecture() == right.architecture()
}

fn is_gone(image: &PlatformObservation) -> bool {
    match &image.manifest {
        Fact::Absent(_) => true,
        Fact::Present(_) | Fact::Unknown(_) => false,
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
    let clause = |image: &PlatformObservation| {
        let listed = image.listed_as.as_ref()?;
        let said = &image.image_config()?.platform;
        (!is_same_machine(listed, said)).then(|| {
            format!("{} is listed, and the config behind it says {}", quoted(listed), quoted(said))
        })
    };
    subject.images().filter_map(clause).collect()
}

fn not_there(subject: &Subject<'_>, missing: &[&Platform]) -> Finding {
    let wanted = listed(missing.iter().map(quoted));
    let offered = listed(subject.observation.offered.iter().map(quoted));
    let offered = if offered.is_empty() { "none".to_owned() } else { offered };
    let mislisted = mislisted(subject);
    let message = if mislisted.is_empty() {
        format!("no manifest for {wanted}; the image offers {offered}")
    } else {
        format!("no manifest for {wanted}: {}", clauses(mislisted))
    };
    let plain = listed(missing.iter().map(ToString::to_string));
    Finding::new(Reason::PlatformMissing, message)
        .compared(plain, offered)
        .hint("build for that platform too, as in `docker buildx build --platform …`, or correct `platforms`")
}

fn passed(subject: &Subject<'_>) -> Outcome {
    let wanted = &subject.request.expectation.platforms;
    let names: Vec<_> = if wanted.is_empty() {
        subject.images().filter_map(PlatformObservation::platform).map(quoted).collect()
    } else {
        wanted.iter().map(quoted).collect()
    };
    if names.is_empty() {
        return no_image();
    }
    let mislisted = mislisted(subject);
    Outcome::Passed {
        message: format!("found {}", listed(names)),
        note: (!mislisted.is_empty()).then(|| clauses(mislisted)),
    }
}
