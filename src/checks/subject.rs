//! What the checks look at, and the answers that all of them share when there is nothing to look at.
//!
//! A check that needs a fact asks for it here and hands over what to do with it; what is answered when
//! the fact is absent (skipped) or unknown (errored) is the same for every check.

use crate::circleci::CircleCi;
use crate::observation::{Denial, Fact, Observation, PlatformObservation, Resolved, Unavailable};
use crate::oci::{ImageConfig, ImageManifest, Manifest, NotAnImage};
use crate::report::{Finding, Outcome, Reason};
use crate::request::ImageRequest;

use super::wording::{cleaned, listed, quoted};

/// One image: what was asked of it, and what was learnt.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What was asked.
    pub request: &'a ImageRequest,
    /// What was learnt.
    pub observation: &'a Observation,
    /// What CircleCI says about the job; used in hints only.
    pub circleci: &'a CircleCi,
}

/// One platform's image that can be judged.
pub(super) struct Found<'a> {
    /// What a message calls it.
    pub(super) name: String,
    /// What was learnt of it.
    pub(super) image: &'a PlatformObservation,
    /// Its manifest.
    pub(super) manifest: &'a ImageManifest,
    /// Its config.
    pub(super) config: &'a ImageConfig,
}

/// What became of one platform's image.
pub(super) enum Content<'a> {
    /// Manifest and config are there and verified.
    Image(&'a ImageManifest, &'a ImageConfig),
    /// It is honestly something else.
    NotAnImage(NotAnImage),
    /// The manifest or the config is gone.
    Gone,
    /// The manifest or the config is stored with other bytes than its digest promises.
    Differs(&'a Denial),
    /// Manifest or config could not be read.
    Unknown(&'a Unavailable),
}

impl<'a> Content<'a> {
    /// What manifest and config of one platform come to together.
    pub(super) fn of(image: &'a PlatformObservation) -> Self {
        let manifest = match &image.manifest {
            Fact::Present(Ok(manifest)) => manifest,
            Fact::Present(Err(other)) => return Self::NotAnImage(other.clone()),
            Fact::Absent(denial) => return Self::denied(denial),
            Fact::Unknown(why) => return Self::Unknown(why),
        };
        match &image.config {
            Fact::Present(Ok(config)) => Self::Image(manifest, config),
            Fact::Present(Err(other)) => Self::NotAnImage(other.clone()),
            Fact::Absent(denial) => Self::denied(denial),
            Fact::Unknown(why) => Self::Unknown(why),
        }
    }

    fn denied(denial: &'a Denial) -> Self {
        if denial.reason == Reason::ContentDiffers { Self::Differs(denial) } else { Self::Gone }
    }
}

impl<'a> Subject<'a> {
    /// Judges what the tag led to.
    pub(super) fn with_resolved(&self, judge: impl FnOnce(&'a Resolved) -> Outcome) -> Outcome {
        match &self.observation.resolved {
            Fact::Present(resolved) => judge(resolved),
            Fact::Absent(_) => Outcome::skipped("there is no manifest to look at"),
            Fact::Unknown(why) => Outcome::Errored(why.finding()),
        }
    }

    /// Judges the manifest that the tag led to.
    pub(super) fn with_manifest(&self, judge: impl FnOnce(&'a Manifest) -> Outcome) -> Outcome {
        self.with_resolved(|resolved| match &resolved.content {
            Ok(manifest) => judge(manifest),
            Err(_) => {
                Outcome::skipped("it is not a container image, so there is nothing to look at")
            }
        })
    }

    /// Judges the configs of the wanted platforms, each with a name for messages, as [`Self::with_images`] does.
    pub(super) fn with_configs(
        &self,
        judge: impl FnOnce(&[(String, &'a ImageConfig)]) -> Outcome,
    ) -> Outcome {
        self.with_images(|images| {
            let configs: Vec<_> =
                images.iter().map(|image| (image.name.clone(), image.config)).collect();
            judge(&configs)
        })
    }

    /// Judges the images of the wanted platforms. A no of one platform stands; any other answer needs all of them.
    pub(super) fn with_images(&self, judge: impl FnOnce(&[Found<'a>]) -> Outcome) -> Outcome {
        self.with_manifest(|_| {
            let (mut found, mut gaps) = (Vec::new(), Gaps::default());
            for image in self.images() {
                if let Some((manifest, config)) = gaps.image(self, image) {
                    found.push(Found { name: self.name(image), image, manifest, config });
                }
            }
            let judged = (!found.is_empty()).then(|| judge(&found));
            if let Some(Outcome::Failed(finding)) = judged {
                return Outcome::Failed(finding);
            }
            gaps.outcome("no config to look at").or(judged).unwrap_or_else(no_image)
        })
    }

    /// The images that count: all that were looked at, without what only stands beside them in an
    /// index and was never meant to be started.
    pub(super) fn images(&self) -> impl Iterator<Item = &'a PlatformObservation> + use<'a> {
        let images = &self.observation.images;
        let is_beside = |place| is_beside(images, place);
        let all_beside = (0..images.len()).all(is_beside);
        let counts = move |place: &usize| all_beside || !is_beside(*place);
        (0..images.len()).filter(counts).filter_map(|place| images.get(place))
    }

    /// What a message calls an image: its platform where there are several.
    pub(super) fn name(&self, image: &PlatformObservation) -> String {
        self.platform_name(image).unwrap_or_else(|| "the image".to_owned())
    }

    /// The platform of one image among several; `None` where it is the only one.
    pub(super) fn platform_name(&self, image: &PlatformObservation) -> Option<String> {
        self.images().nth(1)?;
        let platform = image.listed_as.as_ref().or(image.platform());
        Some(platform.map_or_else(|| quoted(&image.digest.short()), quoted))
    }
}

/// What keeps a check from a yes about every image, in the order in which it decides.
#[derive(Default)]
pub(super) struct Gaps<'a> {
    /// What is not known.
    pub(super) unknown: Vec<&'a Unavailable>,
    /// What was not asked for at all.
    pub(super) unlooked: Vec<String>,
    /// The images of which there is nothing to look at.
    pub(super) without: Vec<String>,
}

impl<'a> Gaps<'a> {
    /// The manifest and config of an image, or a gap more.
    pub(super) fn image(
        &mut self,
        subject: &Subject<'_>,
        image: &'a PlatformObservation,
    ) -> Option<(&'a ImageManifest, &'a ImageConfig)> {
        match Content::of(image) {
            Content::Image(manifest, config) => return Some((manifest, config)),
            Content::NotAnImage(_) | Content::Gone | Content::Differs(_) => {
                self.without.push(subject.name(image));
            }
            Content::Unknown(why) => self.unknown.push(why),
        }
        None
    }

    /// The answer that they leave, if there are any. `nothing` is what there is not, as in `no config to look at`.
    pub(super) fn outcome(self, nothing: &str) -> Option<Outcome> {
        let Self { unknown, unlooked, without } = self;
        if let Some(why) = gravest(unknown) {
            return Some(Outcome::Errored(why.finding()));
        }
        if !unlooked.is_empty() {
            return Some(unasked(&listed(unlooked)));
        }
        if without.is_empty() {
            return None;
        }
        Some(Outcome::skipped(format!("there is {nothing} for {}", listed(without))))
    }
}

/// The answer where an image was found and no platform of it was looked at.
pub(super) fn no_image() -> Outcome {
    Outcome::skipped("there is no image of a wanted platform to look at")
}

/// The answer where the observation lacks what the check needs. That cannot happen, and is never a yes.
pub(super) fn unasked(what: &str) -> Outcome {
    let message = format!("the program did not look at this: {what}");
    let hint = "This is a bug in the program: please report it.";
    Outcome::Errored(Finding::new(Reason::UnexpectedAnswer, message).hint(hint))
}

/// The trouble that decides where there are several: refused credentials have their own exit code, and
/// a contradiction is the next that must not be lost.
pub(super) fn gravest<'a>(
    troubles: impl IntoIterator<Item = &'a Unavailable>,
) -> Option<&'a Unavailable> {
    troubles
        .into_iter()
        .min_by_key(|why| (!why.reason.is_refusal(), why.reason != Reason::ManifestContradictory))
}

/// A finding that something is not a container image; `what` names it.
pub(super) fn not_an_image(what: &str, other: &NotAnImage) -> Finding {
    let reason = Reason::NotAnImage;
    let message =
        format!("{what} is not a runnable container image: {}", cleaned(&other.to_string()));
    Finding::new(reason, message).hint(reason.advice())
}

/// Whether an entry of an index is no image and is never pulled: an artifact that was listed beside the
/// images, without a platform or behind an image of the same one (as lazy-loading indexes are). Engines take
/// the first of a platform. One that stands first, or is a broken image, counts.
fn is_beside(images: &[PlatformObservation], place: usize) -> bool {
    let Some(image) = images.get(place) else { return false };
    if let Some(platform) = &image.listed_as {
        let before = images.get(..place).unwrap_or_default();
        // What is not known of the one before does not make this one the first.
        let is_first = !before.iter().any(|other| {
            other.listed_as.as_ref() == Some(platform)
                && !matches!(Content::of(other), Content::NotAnImage(_))
        });
        let is_artifact =
            matches!(Content::of(image), Content::NotAnImage(NotAnImage::Artifact(_)));
        return is_artifact && !is_first;
    }
    match Content::of(image) {
        Content::Image(..) | Content::Gone | Content::Differs(_) | Content::Unknown(_) => false,
        Content::NotAnImage(other) => match other {
            NotAnImage::Artifact(_)
            | NotAnImage::NoPlatform(_)
            | NotAnImage::EmptyIndex
            | NotAnImage::NothingRunnable => true,
            NotAnImage::NoLayers
            | NotAnImage::UnreadableConfig
            | NotAnImage::Mislisted { .. }
            | NotAnImage::TwoContents { .. } => false,
        },
    }
}
