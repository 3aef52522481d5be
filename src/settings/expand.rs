//! `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` in a text. Each is expanded once, by name; what a
//! variable holds is never looked through again.

use crate::request::{Revision, RevisionError, TagTemplate, TemplateError};
use crate::settings::environment::{VariableMistake, Variables};
use crate::settings::mistake::Shown;
use crate::settings::token;

/// Why a text cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpansionMistake {
    /// A variable is not set.
    #[error("names the variable `${}`, which is unset or empty", .0.as_str())]
    Unset(Shown),
    /// A variable cannot be read.
    #[error("names a variable that cannot be used: {0}")]
    Variable(VariableMistake),
    /// A variable's value has braces in it.
    #[error("names the variable `${}`, whose value holds a brace", .0.as_str())]
    BraceInValue(Shown),
    /// A `$` without a name.
    #[error("holds a `$` that is not part of `$NAME` or `${{NAME}}`")]
    Dollar,
    /// A brace that is none of a placeholder's.
    #[error("{0}")]
    Template(TemplateError),
    /// `{revision}`, and there is none.
    #[error("names `{{revision}}`, and no commit is known")]
    NoRevision,
    /// `{revision}`, and it is not one.
    #[error("names `{{revision}}`, and {0} {1}")]
    Revision(Shown, RevisionError),
}

impl ExpansionMistake {
    /// Whether it lies in the text, and not in what is set where it is read.
    pub(super) fn is_of_the_text(&self) -> bool {
        match self {
            Self::Dollar | Self::Template(_) => true,
            Self::Unset(_)
            | Self::Variable(_)
            | Self::BraceInValue(_)
            | Self::NoRevision
            | Self::Revision(_, _) => false,
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Unset(_) => Some("set it in this job, or write the text out".into()),
            Self::NoRevision => Some(
                "`CIRCLE_SHA1` is not set here: give the commit with `--expect-revision=SHA`"
                    .into(),
            ),
            Self::Revision(_, _) => {
                Some("give the whole commit hash with `--expect-revision=SHA`".into())
            }
            Self::Variable(mistake) => mistake.hint(),
            Self::BraceInValue(_) | Self::Dollar | Self::Template(_) => None,
        }
    }
}

/// The commit that is meant, as far as one is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KnownRevision {
    None,
    Known(Revision),
    /// A text stands where a commit should, and is none.
    Broken(Shown, RevisionError),
}

/// Expands texts.
#[derive(Clone, Copy)]
pub(super) struct Expander<'a> {
    pub variables: Variables<'a>,
    pub revision: &'a KnownRevision,
}

impl Expander<'_> {
    /// The variables alone: for texts that say what the revision is.
    pub(super) fn variables(&self, text: &str) -> Result<String, ExpansionMistake> {
        self.substitute(text, &|_| None)
    }

    /// Variables and placeholders.
    pub(super) fn text(&self, text: &str) -> Result<String, ExpansionMistake> {
        if !text.contains(['$', '{', '}']) {
            return Ok(text.to_owned());
        }
        let template = Self::parse(&self.substitute(text, &|_| None)?)?;
        if !template.needs_revision() {
            return Ok(template.fill_text(""));
        }
        match self.revision {
            KnownRevision::Known(revision) => Ok(template.fill_text(revision.as_str())),
            KnownRevision::None => Err(ExpansionMistake::NoRevision),
            KnownRevision::Broken(text, why) => Err(ExpansionMistake::Revision(text.clone(), *why)),
        }
    }

    /// Variables alone, and `$CIRCLE_SHA1` as the placeholder that it stands for where it is not set: the
    /// image's own label can fill it.
    pub(super) fn template(&self, text: &str) -> Result<TagTemplate, ExpansionMistake> {
        let expanded =
            self.substitute(text, &|name| (name == "CIRCLE_SHA1").then_some("{revision}"))?;
        Self::parse(&expanded)
    }

    /// Whether a text that cannot be expanded here might be `value` where it can.
    pub(super) fn might_be(&self, text: &str, value: &str) -> bool {
        let Ok(text) = self.substitute(text, &|_| Some(ANYTHING)) else { return true };
        let Ok(template) = Self::parse(&text) else { return true };
        let revisions = match self.revision {
            KnownRevision::Known(revision) => vec![revision.to_string()],
            KnownRevision::None | KnownRevision::Broken(_, _) => {
                vec![DIGIT.repeat(40), DIGIT.repeat(64)]
            }
        };
        revisions.iter().any(|revision| is_like(&template.fill_text(revision), value))
    }

    fn parse(text: &str) -> Result<TagTemplate, ExpansionMistake> {
        text.parse().map_err(ExpansionMistake::Template)
    }

    fn substitute(
        &self,
        text: &str,
        unset: &dyn Fn(&str) -> Option<&'static str>,
    ) -> Result<String, ExpansionMistake> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            let (name, behind) = split_name(after).ok_or(ExpansionMistake::Dollar)?;
            out.push_str(before);
            out.push_str(&self.value(name, unset)?);
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(
        &self,
        name: &str,
        unset: &dyn Fn(&str) -> Option<&'static str>,
    ) -> Result<String, ExpansionMistake> {
        let shown = || Shown::new(name, self.variables.redactor);
        match self.variables.get(name).map_err(ExpansionMistake::Variable)? {
            Some(value) if token::is_in(&value, self.variables.redactor) => {
                Err(ExpansionMistake::Variable(VariableMistake::Secret(shown())))
            }
            Some(value) if value.contains(['{', '}']) => {
                Err(ExpansionMistake::BraceInValue(shown()))
            }
            Some(value) => Ok(value),
            None => unset(name).map(str::to_owned).ok_or_else(|| ExpansionMistake::Unset(shown())),
        }
    }
}

/// In a pattern: a text of any length.
const ANYTHING: &str = "\0";
/// In a pattern: a hex digit.
const DIGIT: &str = "\u{1}";

/// Whether `value` is what `pattern` stands for. Case does not matter: a host has none.
fn is_like(pattern: &str, value: &str) -> bool {
    let (pattern, value): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), value.chars().collect());
    let is_one = |pattern: char, value: char| {
        pattern.eq_ignore_ascii_case(&value) || pattern == '\u{1}' && value.is_ascii_hexdigit()
    };
    let (mut at, mut place) = (0, 0);
    // Where the last `ANYTHING` stands, and up to where it reaches: on a mismatch, it reaches further.
    let mut anything = None;
    while let Some(character) = value.get(place) {
        match pattern.get(at) {
            Some('\0') => {
                anything = Some((at, place));
                at += 1;
            }
            Some(expected) if is_one(*expected, *character) => {
                at += 1;
                place += 1;
            }
            Some(_) | None => {
                let Some((star, reached)) = anything else { return false };
                anything = Some((star, reached + 1));
                at = star + 1;
                place = reached + 1;
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|character| *character == '\0'))
}

/// The name behind a `$`, and what follows it.
fn split_name(after: &str) -> Option<(&str, &str)> {
    if let Some(rest) = after.strip_prefix('{') {
        let (name, behind) = rest.split_once('}')?;
        return crate::settings::given::is_variable_name(name).then_some((name, behind));
    }
    let end = after
        .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .unwrap_or(after.len());
    let (name, behind) = after.split_at_checked(end)?;
    crate::settings::given::is_variable_name(name).then_some((name, behind))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use proptest::prelude::*;

    use super::*;
    use crate::secret::{Redactor, Secret};

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn with<T>(revision: &KnownRevision, run: impl FnOnce(Expander<'_>) -> T) -> T {
        let redactor = Redactor::default();
        redactor.hide(&Secret::new("dop_v1_0123456789abcdef"));
        let lookup = |name: &str| {
            let value = match name {
                "TAG" => "latest-dev",
                "NESTED" => "$TAG",
                "BRACES" => "{revision}",
                "TOKEN" => "x-dop_v1_0123456789abcdef",
                "EMPTY" => "",
                _ => return None,
            };
            Some(OsString::from(value))
        };
        run(Expander { variables: Variables { lookup: &lookup, redactor: &redactor }, revision })
    }

    fn text(text: &str) -> Result<String, String> {
        let known = KnownRevision::Known(COMMIT.parse().unwrap());
        with(&known, |expander| expander.text(text).map_err(|mistake| mistake.to_string()))
    }

    #[test]
    fn variables_and_placeholders_are_expanded_once() {
        assert_eq!(text("$TAG"), Ok("latest-dev".into()));
        assert_eq!(text("a:${TAG}x"), Ok("a:latest-devx".into()));
        assert_eq!(text("$NESTED"), Ok("$TAG".into()));
        assert_eq!(text("{revision:7}-$TAG"), Ok("0123456-latest-dev".into()));
        assert_eq!(text("plain"), Ok("plain".into()));
    }

    #[test]
    fn each_mistake_says_what_is_wrong_and_no_value() {
        let mistakes: Vec<String> = [
            "$NOPE",
            "${EMPTY}",
            "$",
            "a$-b",
            "${TAG",
            "${}",
            "$1",
            "{sha}",
            "{revision:99}",
            "$BRACES",
            "$TOKEN",
            "}",
        ]
        .map(|word| format!("{word} {}", text(word).unwrap_err()))
        .into();
        insta::assert_snapshot!(mistakes.join("\n"), @"
        $NOPE names the variable `$NOPE`, which is unset or empty
        ${EMPTY} names the variable `$EMPTY`, which is unset or empty
        $ holds a `$` that is not part of `$NAME` or `${NAME}`
        a$-b holds a `$` that is not part of `$NAME` or `${NAME}`
        ${TAG holds a `$` that is not part of `$NAME` or `${NAME}`
        ${} holds a `$` that is not part of `$NAME` or `${NAME}`
        $1 holds a `$` that is not part of `$NAME` or `${NAME}`
        {sha} holds a brace that is not part of `{revision}` or `{revision:7}`
        {revision:99} has a number of digits that is not between 1 and 64
        $BRACES names the variable `$BRACES`, whose value holds a brace
        $TOKEN names a variable that cannot be used: the variable `TOKEN` holds a secret, and its value would be shown
        } holds a brace that is not part of `{revision}` or `{revision:7}`
        ");
    }

    #[test]
    fn without_a_commit_only_a_template_can_wait_for_one() {
        with(&KnownRevision::None, |expander| {
            assert_eq!(expander.text("{revision}"), Err(ExpansionMistake::NoRevision));
            assert!(expander.template("{revision}-dev").unwrap().needs_revision());
            assert!(expander.template("$CIRCLE_SHA1-dev").unwrap().needs_revision());
            assert!(!expander.template("$TAG").unwrap().needs_revision());
            assert!(matches!(expander.template("$NOPE"), Err(ExpansionMistake::Unset(_))));
        });
    }

    #[test]
    fn a_text_that_cannot_be_expanded_here_may_still_be_ruled_out() {
        let might = |text: &str, value: &str| {
            with(&KnownRevision::None, |expander| expander.might_be(text, value))
        };
        for (text, value) in [
            ("$NOPE", "latest-dev"),
            ("latest-$NOPE", "latest-dev"),
            ("${NOPE}-dev", "latest-dev"),
            ("l${NOPE}t${NOPE}v", "latest-dev"),
            ("$NOPE$TAG", "xlatest-dev"),
            ("{revision:7}-dev", "0123abc-dev"),
            ("{revision}", COMMIT),
            ("Registry.example/$NOPE", "registry.example/keepkey"),
        ] {
            assert!(might(text, value), "{text} {value}");
        }
        for (text, value) in [
            ("prod-$NOPE", "latest-dev"),
            ("${NOPE}-prod", "latest-dev"),
            ("l${NOPE}x${NOPE}v", "latest-dev"),
            ("$NOPE$TAG", "latest-prod"),
            ("{revision:7}-dev", "latest-dev"),
            ("{revision}", "0123abc"),
        ] {
            assert!(!might(text, value), "{text} {value}");
        }
        let known = KnownRevision::Known(COMMIT.parse().unwrap());
        with(&known, |expander| {
            assert!(expander.might_be("$NOPE-{revision:7}", "x-0123456"));
            assert!(!expander.might_be("$NOPE-{revision:7}", "x-1123456"));
        });
    }

    proptest! {
        #[test]
        fn a_pattern_is_told_by_any_filling(before in "[a-f0-9-]{0,6}", filling in "[a-f0-9-]{0,6}", behind in "[a-f0-9-]{0,6}") {
            let pattern = format!("{before}{ANYTHING}{behind}{ANYTHING}");
            let value = format!("{before}{filling}{behind}{filling}");
            prop_assert!(is_like(&pattern, &value));
        }

        #[test]
        fn any_text_is_survived(word in "[${}A-Za-z:_ 0-9]{0,30}|\\PC{0,20}") {
            let _ = text(&word);
        }

        #[test]
        fn a_text_without_marks_stays(word in "[^${}]{0,30}") {
            prop_assert_eq!(text(&word), Ok(word));
        }
    }
}
