//! What is asked of one image: where it is, what it is expected to be, and what was declared of it.

mod facts;
mod registry_kind;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::circleci::PipelineQuestion;
use crate::engines::Engine;
use crate::oci::{Digest, Platform, Reference, ReferenceError, Tag};

pub use facts::{ExpectedFact, Pattern, TextRule, UserRule};
pub use registry_kind::RegistryKind;

/// One image to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRequest {
    /// Where it is. A digest in it is also in [`Expectation::digest`], where there is a tag beside it.
    pub reference: Reference,
    /// What kind of registry it is in.
    pub registry_kind: RegistryKind,
    /// What it is expected to be.
    pub expectation: Expectation,
    /// The service that it belongs to: its key in the config, else the last part of the repository.
    pub service: Service,
    /// The environment that it is deployed to.
    pub environment: Option<String>,
    /// The commit that is meant, as far as it is known: the expected one, else that of the job.
    pub commit: Option<Revision>,
    /// Which pipeline should have pushed it.
    pub pipeline: PipelineQuestion,
    /// What the reader should know of how it was asked for.
    pub notes: Vec<String>,
}

/// The fewest digits that name a commit: what git abbreviates to.
const SHORT_COMMIT: usize = 7;

impl ImageRequest {
    /// Whether the tag is one that moves, as far as can be told: it is neither the immutable tag itself nor
    /// named after the commit.
    pub fn has_moving_tag(&self) -> bool {
        self.reference.tag.is_some() && !self.has_immutable_tag() && !self.is_named_after_commit()
    }

    /// Whether the tag holds the commit that is meant: seven or more of its first digits, as a part of their
    /// own. By convention such a tag never moves. That the image was built from the commit is what whoever
    /// pushed it says, and nothing in the image.
    pub fn is_named_after_commit(&self) -> bool {
        let (Some(tag), Some(commit)) = (&self.reference.tag, &self.commit) else { return false };
        let names = |part: &str| {
            part.len() >= SHORT_COMMIT && commit.as_str().starts_with(&part.to_ascii_lowercase())
        };
        tag.as_str().split(['-', '_', '.']).any(names) && !self.has_immutable_tag()
    }

    /// Whether the tag is the immutable tag.
    fn has_immutable_tag(&self) -> bool {
        match (&self.expectation.immutable_tag, &self.reference.tag) {
            (Some(ImmutableTag::Named(immutable)), Some(tag)) => immutable == tag,
            (_, _) => false,
        }
    }

    /// Whether a tag that never moves tells this image from an older one. One that is made from the image's
    /// own label names whatever image that is, and one that is the same for every commit tells nothing of this one.
    pub fn has_immutable_tag_of_the_commit(&self) -> bool {
        match &self.expectation.immutable_tag {
            Some(ImmutableTag::Named(_)) => true,
            Some(ImmutableTag::Fixed(_) | ImmutableTag::ByRevisionLabel(_)) | None => false,
        }
    }
}

/// What an image is expected to be, beyond being there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The digest that was pushed.
    pub digest: Option<Digest>,
    /// The commit that it was built from.
    pub revision: RevisionRule,
    /// A tag that never moves and must name the same digest.
    pub immutable_tag: Option<ImmutableTag>,
    /// The wanted platforms; empty: every runnable entry.
    pub platforms: Vec<Platform>,
    /// The engines that pull it; empty: [`Engine::DEFAULT`].
    pub engines: Vec<Engine>,
    /// The port that it listens on.
    pub port: Option<ExpectedPort>,
    /// The declared runtime.
    pub runtime: Runtime,
    /// Whether every byte of its layers is to be read.
    pub content: bool,
    /// What its config must say, line by line.
    pub facts: Vec<ExpectedFact>,
}

impl Expectation {
    /// Whether this engine has to pull it.
    pub fn is_for(&self, engine: Engine) -> bool {
        let named = self.engines.as_slice();
        if named.is_empty() { Engine::DEFAULT.contains(&engine) } else { named.contains(&engine) }
    }
}

/// The key of a service in a Pulumi stack's configuration: `support-email` as `supportEmail`, of letters and
/// digits only, so that no reader of a path splits it. `None` where it has no letter to begin with.
///
/// `examples/pulumi/record.ts` has the same rule.
pub fn config_key(service: &str) -> Option<String> {
    let mut key = String::new();
    let mut upper = false;
    for character in service.chars() {
        if !character.is_ascii_alphanumeric() {
            upper = !key.is_empty();
        } else if upper {
            key.push(character.to_ascii_uppercase());
            upper = false;
        } else {
            key.push(character);
        }
    }
    key.starts_with(|first: char| first.is_ascii_alphabetic()).then_some(key)
}

/// A git commit: 40 lower-case hex digits (64 in a repository that uses SHA-256).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(String);

/// Why a text is not a whole commit hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a whole commit hash (40 hex digits)")]
pub struct RevisionError;

impl Revision {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Revision {
    type Err = RevisionError;

    fn from_str(text: &str) -> Result<Self, RevisionError> {
        let hex =
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex { Ok(Self(text.to_ascii_lowercase())) } else { Err(RevisionError) }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the revision label is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RevisionRule {
    /// Not at all.
    #[default]
    Off,
    /// When the image has the label.
    WhenLabelled(Revision),
    /// Always; an image without the label fails.
    Required(Revision),
}

/// A tag that never moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImmutableTag {
    /// It is known before the registry is asked, and moves with the commit.
    Named(Tag),
    /// It is the same for every commit, so that it proves nothing of this one.
    Fixed(Tag),
    /// It is made from the image's own revision label, because no commit was given.
    ByRevisionLabel(TagTemplate),
}

impl ImmutableTag {
    /// The tag, where it is known before the registry is asked.
    pub fn name(&self) -> Option<&Tag> {
        match self {
            Self::Named(tag) | Self::Fixed(tag) => Some(tag),
            Self::ByRevisionLabel(_) => None,
        }
    }
}

/// A tag with `{revision}` or `{revision:N}` in it; variables are already expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagTemplate(Vec<TemplatePart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    /// The first so many digits, or all.
    Revision(Option<usize>),
}

/// Why a text is not a tag template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace that is not part of `{revision}` or `{revision:N}`.
    #[error("holds a brace that is not part of `{{revision}}` or `{{revision:7}}`")]
    Brace,
    /// `{revision:N}` with an `N` outside 1 to 64.
    #[error("has a number of digits that is not between 1 and 64")]
    Digits,
}

impl TagTemplate {
    /// Whether the result depends on the revision.
    pub fn needs_revision(&self) -> bool {
        self.0.iter().any(|part| matches!(part, TemplatePart::Revision(_)))
    }

    /// The tag for a revision.
    ///
    /// # Errors
    /// When the result is not a tag.
    pub fn fill(&self, revision: &str) -> Result<Tag, ReferenceError> {
        self.fill_text(revision).parse()
    }

    /// The text for a revision, whatever it is the text of.
    pub fn fill_text(&self, revision: &str) -> String {
        self.0
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => text.as_str(),
                TemplatePart::Revision(None) => revision,
                TemplatePart::Revision(Some(digits)) => revision.get(..*digits).unwrap_or(revision),
            })
            .collect()
    }
}

impl FromStr for TagTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, behind) = after.split_once('}').ok_or(TemplateError::Brace)?;
            let digits = match inside.strip_prefix("revision") {
                Some("") => None,
                Some(count) => {
                    let count = count.strip_prefix(':').ok_or(TemplateError::Brace)?;
                    let count = count.parse().ok().filter(|count| (1..=64).contains(count));
                    Some(count.ok_or(TemplateError::Digits)?)
                }
                None => return Err(TemplateError::Brace),
            };
            if !before.is_empty() {
                parts.push(TemplatePart::Text(before.to_owned()));
            }
            parts.push(TemplatePart::Revision(digits));
            rest = behind;
        }
        if rest.contains('}')
            || parts
                .iter()
                .any(|part| matches!(part, TemplatePart::Text(text) if text.contains('}')))
        {
            return Err(TemplateError::Brace);
        }
        if !rest.is_empty() {
            parts.push(TemplatePart::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }
}

/// The port that an image listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedPort {
    /// The number; the protocol is TCP.
    pub number: u16,
    /// Whether it was asked for on the command line: then an image that names no port at all fails,
    /// where one that is only declared in the config is skipped with a note.
    pub strict: bool,
}

/// The declared runtime. `nodejs` and `alpine` are checked, other values are handed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// The language, as in `nodejs`.
    pub language: Option<String>,
    /// The base image, as in `alpine`.
    pub base: Option<String>,
}

/// What was declared of the service in the config. Nothing here was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Whether it stands in the config file. Without that, the fields below are all empty.
    pub is_configured: bool,
    /// Whether an environment was named and the image is outside the config's registry: then the record has no
    /// service, whatever else was given.
    pub is_outside: bool,
    /// The port that it listens on.
    pub port: Option<u16>,
    /// Whether it is reachable from outside the cluster.
    pub ingress: Option<bool>,
    /// Its runtime.
    pub runtime: Runtime,
    /// Environment variables to deploy with. Never a secret.
    pub env: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_template_is_filled_with_the_revision() {
        let fill = |template: &str| {
            template.parse::<TagTemplate>().unwrap().fill(COMMIT).map(|tag| tag.to_string())
        };
        assert_eq!(fill("{revision}-dev").unwrap(), format!("{COMMIT}-dev"));
        assert_eq!(fill("dev-{revision:7}").unwrap(), "dev-0123456");
        assert_eq!(fill("{revision:64}").unwrap(), COMMIT);
        assert_eq!(fill("plain").unwrap(), "plain");
        assert!(fill("-{revision}").is_err());
        assert!(!"plain".parse::<TagTemplate>().unwrap().needs_revision());
    }

    #[test]
    fn each_mistake_in_a_template_has_its_own_error() {
        for text in ["{", "}", "{}", "{revision", "{sha}", "{revision7}", "a}b{revision}"] {
            assert_eq!(text.parse::<TagTemplate>(), Err(TemplateError::Brace), "{text}");
        }
        for text in ["{revision:0}", "{revision:65}", "{revision:x}", "{revision:}"] {
            assert_eq!(text.parse::<TagTemplate>(), Err(TemplateError::Digits), "{text}");
        }
    }

    #[test]
    fn a_tag_that_holds_the_commit_is_named_after_it() {
        let named = |tag: &str, commit: Option<&str>| {
            let mut request = crate::report::fixtures::request(&format!("r.example/a:{tag}"));
            request.commit = commit.map(|commit| commit.parse().unwrap());
            assert_eq!(request.has_moving_tag(), !request.is_named_after_commit(), "{tag}");
            request.is_named_after_commit()
        };
        for tag in [COMMIT, "0123456", "sha-0123456", "0123456789AB_dev", "v1.0123456"] {
            assert!(named(tag, Some(COMMIT)), "{tag}");
            assert!(!named(tag, None), "{tag}");
        }
        for tag in ["latest", "012345", "a0123456", "01234567f", "123456789", "0123-456"] {
            assert!(!named(tag, Some(COMMIT)), "{tag}");
        }
    }

    #[test]
    fn the_immutable_tag_itself_does_not_move_whatever_it_is_named_after() {
        for tag in ["v1.2.3", "0123456"] {
            let mut request = crate::report::fixtures::request(&format!("r.example/a:{tag}"));
            request.commit = Some(COMMIT.parse().unwrap());
            request.expectation.immutable_tag = Some(ImmutableTag::Named(tag.parse().unwrap()));
            assert!(!request.has_moving_tag() && !request.is_named_after_commit(), "{tag}");
        }
    }

    #[test]
    fn a_revision_is_whole() {
        assert_eq!(COMMIT.to_uppercase().parse::<Revision>().unwrap().as_str(), COMMIT);
        for text in
            ["", "0123456", "z123456789abcdef0123456789abcdef01234567", &format!("{COMMIT}0")]
        {
            assert_eq!(text.parse::<Revision>(), Err(RevisionError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_template_is_survived(text in "[a-z{}:0-9-]{0,40}") {
            if let Ok(template) = text.parse::<TagTemplate>() {
                let _ = template.fill(COMMIT);
            }
        }
    }
}
