//! What the images are expected to be: the digest and the commit.

use std::path::Path;

use crate::oci::{Digest, DigestError, Reference};
use crate::request::{Revision, RevisionError, RevisionRule};
use crate::settings::config::RevisionWord;
use crate::settings::expand::{Expander, ExpansionMistake, KnownRevision};
use crate::settings::file::{self, FileMistake};
use crate::settings::given::{Given, Origin};
use crate::settings::mistake::Shown;
use crate::settings::options::Options;

mod digest_file;

use digest_file::NoDigest;

/// The most that is read of a digest's file: a builder's metadata can hold a whole provenance.
const MOST: u64 = 4 * 1024 * 1024;

/// Why it cannot be told what an image is expected to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpectationMistake {
    /// The commit that this job builds, and there is none.
    #[error("{0} needs a commit, but `CIRCLE_SHA1` is not set")]
    NoCommit(Origin),
    /// The config asks for a commit, and there is none.
    #[error(
        "the config file requires a commit (`expect_revision: required`), but `CIRCLE_SHA1` is not set"
    )]
    NoCommitForConfig,
    /// Not a commit.
    #[error("the commit {0} in {1} {2}")]
    Commit(Shown, String, RevisionError),
    /// A value that cannot be expanded.
    #[error("the value {0} of {1} {2}")]
    Expansion(Shown, Origin, ExpansionMistake),
    /// Not a digest.
    #[error("the value {0} of {1} {2}")]
    Digest(Shown, Origin, DigestError),
    /// The file of a digest cannot be had.
    #[error("the file {0} of {1} {2}")]
    File(Shown, Origin, FileMistake),
    /// The file holds something else.
    #[error("the file {0} of {1} {2}")]
    NoDigest(Shown, Origin, NoDigest),
    /// Two digests for one image.
    #[error("{0} and {1} name different digests")]
    TwoDigests(Origin, Shown),
}

impl ExpectationMistake {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::NoCommit(_) | Self::NoCommitForConfig => {
                Some("CircleCI sets it in every job; elsewhere, give `--expect-revision=SHA`".into())
            }
            Self::Commit(_, _, _) => Some(
                "`git rev-parse HEAD` prints it; other values are `required`, `when-labelled` and `off`".into(),
            ),
            Self::Expansion(_, _, why) => why.hint(),
            Self::File(_, _, FileMistake::Missing) => Some(
                "check that the push job wrote it and that this job attached its workspace".into(),
            ),
            Self::NoDigest(_, _, why) => Some(why.hint().into()),
            Self::TwoDigests(_, _) => Some("omit one of them".into()),
            Self::Digest(_, _, _) | Self::File(_, _, _) => None,
        }
    }
}

/// What was asked of the commit, for every image of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RevisionAsked {
    /// `--expect-revision`.
    rule: Option<Rule>,
    /// The commit that `{revision}` stands for.
    pub known: KnownRevision,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Off,
    WhenLabelled,
    Required(Revision),
}

/// Reads `--expect-revision` and `CIRCLE_SHA1`.
pub(super) fn revision(
    given: Option<&Given>,
    circle_sha1: Option<&str>,
    expander: Expander<'_>,
) -> Result<RevisionAsked, ExpectationMistake> {
    let shown = |text: &str| Shown::new(text, expander.variables.redactor);
    let circle = match circle_sha1.map(|text| (text, text.parse())) {
        None => KnownRevision::None,
        Some((_, Ok(revision))) => KnownRevision::Known(revision),
        Some((text, Err(why))) => KnownRevision::Broken(shown(text), why),
    };
    let Some(Given { value, origin }) = given else {
        return Ok(RevisionAsked { rule: None, known: circle });
    };
    match value.as_str() {
        "off" => Ok(RevisionAsked { rule: Some(Rule::Off), known: circle }),
        "when-labelled" | "when_labelled" => {
            Ok(RevisionAsked { rule: Some(Rule::WhenLabelled), known: circle })
        }
        "required" => {
            let revision = commit(&circle)?.ok_or(ExpectationMistake::NoCommit(*origin))?.clone();
            Ok(RevisionAsked { rule: Some(Rule::Required(revision)), known: circle })
        }
        text => {
            let written = expander
                .variables(text)
                .map_err(|why| ExpectationMistake::Expansion(shown(text), *origin, why))?;
            let revision: Revision = written.trim().parse().map_err(|why| {
                ExpectationMistake::Commit(shown(&written), origin.to_string(), why)
            })?;
            let known = KnownRevision::Known(revision.clone());
            Ok(RevisionAsked { rule: Some(Rule::Required(revision)), known })
        }
    }
}

/// The commit; a text that stands where one should is a mistake as soon as it is needed.
fn commit(known: &KnownRevision) -> Result<Option<&Revision>, ExpectationMistake> {
    match known {
        KnownRevision::None => Ok(None),
        KnownRevision::Known(revision) => Ok(Some(revision)),
        KnownRevision::Broken(text, why) => {
            Err(ExpectationMistake::Commit(text.clone(), "`CIRCLE_SHA1`".into(), *why))
        }
    }
}

impl RevisionAsked {
    /// The commit that is meant, where it is known and is one.
    pub(super) fn commit(&self) -> Option<Revision> {
        match &self.known {
            KnownRevision::Known(revision) => Some(revision.clone()),
            KnownRevision::None | KnownRevision::Broken(_, _) => None,
        }
    }

    /// The rule for one image. `configured` is what the config says of it; `is_of_config`, whether the config
    /// says anything of it at all.
    pub(super) fn rule(
        &self,
        configured: Option<RevisionWord>,
        is_of_config: bool,
    ) -> Result<RevisionRule, ExpectationMistake> {
        let when_labelled = || {
            Ok(match commit(&self.known)? {
                Some(revision) => RevisionRule::WhenLabelled(revision.clone()),
                None => RevisionRule::Off,
            })
        };
        let required = || {
            let revision = commit(&self.known)?.ok_or(ExpectationMistake::NoCommitForConfig)?;
            Ok(RevisionRule::Required(revision.clone()))
        };
        // What neither the options nor the config speak of is as the config is when it is silent.
        let silent = if is_of_config { RevisionWord::WhenLabelled } else { RevisionWord::Off };
        match (&self.rule, configured) {
            (Some(Rule::Required(revision)), _) => Ok(RevisionRule::Required(revision.clone())),
            (Some(Rule::Off), _) => Ok(RevisionRule::Off),
            // The orb says `when-labelled` unless told otherwise: that must not make a config's rule weaker.
            (Some(Rule::WhenLabelled), Some(RevisionWord::Required)) => required(),
            (Some(Rule::WhenLabelled), _) => when_labelled(),
            (None, configured) => match configured.unwrap_or(silent) {
                RevisionWord::Off => Ok(RevisionRule::Off),
                RevisionWord::WhenLabelled => when_labelled(),
                RevisionWord::Required => required(),
            },
        }
    }
}

/// The digest that the options expect of the image, and the option that says so.
pub(super) fn digest(
    options: &Options,
    folder: &Path,
    expander: Expander<'_>,
    image: &Reference,
) -> Result<Option<(Digest, Origin)>, ExpectationMistake> {
    let shown = |text: &str| Shown::new(text, expander.variables.redactor);
    if let Some(Given { value, origin }) = &options.expect_digest {
        let written = expander
            .text(value)
            .map_err(|why| ExpectationMistake::Expansion(shown(value), *origin, why))?;
        let digest = digest_file::after_at(written.trim()).parse();
        let digest =
            digest.map_err(|why| ExpectationMistake::Digest(shown(&written), *origin, why))?;
        return Ok(Some((digest, *origin)));
    }
    let Some(Given { value: path, origin }) = &options.expect_digest_file else { return Ok(None) };
    let name = shown(&path.to_string_lossy());
    let text = file::text(&folder.join(path), MOST)
        .map_err(|why| ExpectationMistake::File(name.clone(), *origin, why))?;
    let digest = digest_file::read(&text, image, expander.variables.redactor)
        .map_err(|why| ExpectationMistake::NoDigest(name, *origin, why))?;
    Ok(Some((digest, *origin)))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn the_rule_of_an_image_is_shown_whole() {
        let commit: Revision = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let mut table = String::new();
        for (name, rule) in [
            ("(none)", None),
            ("off", Some(Rule::Off)),
            ("when-labelled", Some(Rule::WhenLabelled)),
            ("required", Some(Rule::Required(commit.clone()))),
        ] {
            for (word, configured, is_of_config) in [
                ("(no config)", None, false),
                ("(silent)", None, true),
                ("off", Some(RevisionWord::Off), true),
                ("when-labelled", Some(RevisionWord::WhenLabelled), true),
                ("required", Some(RevisionWord::Required), true),
            ] {
                let told = |known| {
                    let asked = RevisionAsked { rule: rule.clone(), known };
                    match asked.rule(configured, is_of_config) {
                        Ok(RevisionRule::Off) => "off",
                        Ok(RevisionRule::WhenLabelled(_)) => "when labelled",
                        Ok(RevisionRule::Required(_)) => "required",
                        Err(_) => "exit 2",
                    }
                };
                let (with, without) =
                    (told(KnownRevision::Known(commit.clone())), told(KnownRevision::None));
                writeln!(table, "{name:<14} {word:<14} {with:<14} {without}").unwrap();
            }
        }
        insta::assert_snapshot!(table, @r"
        (none)         (no config)    off            off
        (none)         (silent)       when labelled  off
        (none)         off            off            off
        (none)         when-labelled  when labelled  off
        (none)         required       required       exit 2
        off            (no config)    off            off
        off            (silent)       off            off
        off            off            off            off
        off            when-labelled  off            off
        off            required       off            off
        when-labelled  (no config)    when labelled  off
        when-labelled  (silent)       when labelled  off
        when-labelled  off            when labelled  off
        when-labelled  when-labelled  when labelled  off
        when-labelled  required       required       exit 2
        required       (no config)    required       required
        required       (silent)       required       required
        required       off            required       required
        required       when-labelled  required       required
        required       required       required       required
        ");
    }
}
