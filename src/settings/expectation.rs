//! What the images are expected to be: the digest and the commit.

use std::fmt;
use std::path::Path;

use crate::file::input::{self, InputError};
use crate::oci::{Digest, DigestError, Reference};
use crate::request::{Revision, RevisionError, RevisionRule};
use crate::secret::Redactor;
use crate::settings::args::Args;
use crate::settings::config::RevisionWord;
use crate::settings::expand::{Expander, ExpansionMistake, KnownRevision};
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::values::{Given, Origin};

mod digest_file;

/// The most that is read of a digest's file: a builder's metadata can hold a whole provenance.
const MOST: u64 = 4 * 1024 * 1024;

/// The hint where a commit is needed.
const NO_COMMIT: &str = "CircleCI sets it in every job; elsewhere, give `--expect-revision=SHA`";

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
) -> Result<RevisionAsked, UsageError> {
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
            let none = || {
                let message = format!("{origin} needs a commit, but `CIRCLE_SHA1` is not set");
                UsageError::new(message).hint(NO_COMMIT)
            };
            let revision = commit(&circle)?.ok_or_else(none)?.clone();
            Ok(RevisionAsked { rule: Some(Rule::Required(revision)), known: circle })
        }
        text => {
            let not_expanded = |why| not_expanded(&shown(text), origin, &why);
            let written = expander.variables(text).map_err(not_expanded)?;
            let malformed = |why| not_a_commit(&shown(&written), &origin.to_string(), why);
            let revision: Revision = written.trim().parse().map_err(malformed)?;
            let known = KnownRevision::Known(revision.clone());
            Ok(RevisionAsked { rule: Some(Rule::Required(revision)), known })
        }
    }
}

/// A commit as an IMAGE, beside an `--expect-revision` without a value: a `=` was forgotten.
pub(super) fn refuse_bare_revision(args: &Args, redactor: &Redactor) -> Result<(), UsageError> {
    let is_commit = |given: &&Given| {
        given.value.len() == 40 && given.value.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let is_bare = args.expect_revision.as_ref().is_some_and(|given| {
        given.value == "required" && given.origin == Origin::option("expect-revision")
    });
    match args.images.iter().find(is_commit).filter(|_| is_bare) {
        Some(given) => {
            let word = Shown::new(&given.value, redactor);
            let message = format!("{word} is a commit hash, but `--expect-revision` has no value");
            Err(UsageError::new(message)
                .hint(format!("did you mean `--expect-revision={}`?", word.as_str())))
        }
        None => Ok(()),
    }
}

/// The commit; a text that stands where one should is a mistake as soon as it is needed.
fn commit(known: &KnownRevision) -> Result<Option<&Revision>, UsageError> {
    match known {
        KnownRevision::None => Ok(None),
        KnownRevision::Known(revision) => Ok(Some(revision)),
        KnownRevision::Broken(text, why) => Err(not_a_commit(text, "`CIRCLE_SHA1`", *why)),
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

    /// Whether the commit was asked for, and is not only that of the job.
    pub(super) fn is_given(&self) -> bool {
        matches!(self.rule, Some(Rule::Required(_)))
    }

    /// The rule for one image. `configured` is what the config says of it; `is_of_config`, whether the config
    /// says anything of it at all.
    pub(super) fn rule(
        &self,
        configured: Option<RevisionWord>,
        is_of_config: bool,
    ) -> Result<RevisionRule, UsageError> {
        let when_labelled = || {
            Ok(match commit(&self.known)? {
                Some(revision) => RevisionRule::WhenLabelled(revision.clone()),
                None => RevisionRule::Off,
            })
        };
        let required = || {
            let none = || {
                UsageError::new(
                    "the config file requires a commit (`expect_revision: required`), but `CIRCLE_SHA1` is not set",
                )
                .hint(NO_COMMIT)
            };
            let revision = commit(&self.known)?.ok_or_else(none)?;
            Ok(RevisionRule::Required(revision.clone()))
        };
        // What neither the options nor the config mention is as in a config that does not mention it.
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

fn not_expanded(text: &Shown, origin: &Origin, why: &ExpansionMistake) -> UsageError {
    UsageError::new(format!("the value {text} of {origin} {why}")).maybe_hint(why.hint())
}

fn not_a_commit(text: &Shown, origin: &str, why: RevisionError) -> UsageError {
    UsageError::new(format!("the commit {text} in {origin} {why}")).hint(
        "`git rev-parse HEAD` prints it; other values are `required`, `when-labelled` and `off`",
    )
}

/// The digest that the options expect of the image, and the option that says so.
pub(super) fn digest(
    args: &Args,
    folder: &Path,
    expander: Expander<'_>,
    image: &Reference,
) -> Result<Option<(Digest, Origin)>, UsageError> {
    let shown = |text: &str| Shown::new(text, expander.variables.redactor);
    if let Some(Given { value, origin }) = &args.expect_digest {
        let written =
            expander.text(value).map_err(|why| not_expanded(&shown(value), origin, &why))?;
        let malformed = |why: DigestError| {
            UsageError::new(format!("the value {} of {origin} {why}", shown(&written)))
        };
        let digest = digest_file::after_at(written.trim()).parse().map_err(malformed)?;
        return Ok(Some((digest, origin.clone())));
    }
    let Some(Given { value: path, origin }) = &args.expect_digest_file else { return Ok(None) };
    let name = shown(&path.to_string_lossy());
    let unusable =
        |why: &dyn fmt::Display| UsageError::new(format!("the file {name} of {origin} {why}"));
    let text = input::text(&folder.join(path), MOST).map_err(|why| {
        let missing = matches!(why, InputError::Missing).then(|| {
            "check that the push job wrote it and that this job attached its workspace".to_owned()
        });
        unusable(&why).maybe_hint(missing)
    })?;
    let digest = digest_file::read(&text, image, expander.variables.redactor)
        .map_err(|why| unusable(&why).hint(why.hint()))?;
    Ok(Some((digest, origin.clone())))
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
