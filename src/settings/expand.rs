//! `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` in a text. Each is expanded once, by name; what a
//! variable holds is never looked through again.

use crate::request::{Revision, RevisionError, TagTemplate, TemplateError};
use crate::secret::has_secret_word;
use crate::settings::usage_error::Shown;
use crate::settings::values::is_nil;
use crate::settings::variable_name::is_variable_name;
use crate::settings::variables::{self, Variables};

/// The most bytes that a text, or all IMAGEs together, become. Standard input has no more than 1 MiB.
pub(super) const MOST_EXPANDED: usize = 4 << 20;

/// Why a text cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpansionMistake {
    /// A variable is not set.
    #[error("uses the variable `${}`, which is unset or empty", .0.as_str())]
    Unset(Shown),
    /// A variable's value is what CircleCI writes for an empty pipeline value.
    #[error("uses the variable `${}`, whose value is `<nil>`", .0.as_str())]
    Nil(Shown),
    /// A variable is not UTF-8.
    #[error("cannot be expanded: the variable {0} is not valid UTF-8")]
    NotUnicode(Shown),
    /// A variable holds a secret.
    #[error("cannot be expanded: the variable {0} holds a secret, and its value would be shown")]
    Secret(Shown),
    /// A variable's value has braces in it.
    #[error("uses the variable `${}`, whose value holds a brace", .0.as_str())]
    BraceInValue(Shown),
    /// A config file names a variable that holds a secret by its name.
    #[error("uses the variable `${}`, whose name is that of a secret", .0.as_str())]
    SecretName(Shown),
    /// A form that only a shell expands, and what is written here for it.
    #[error("holds {0}, which only a shell expands")]
    Shell(Shown, Option<String>),
    /// A `$` without a name.
    #[error("holds a `$` that is not part of `$NAME` or `${{NAME}}`")]
    Dollar,
    /// A brace that is not part of a placeholder.
    #[error("{0}")]
    Template(TemplateError),
    /// `{revision}`, and there is none.
    #[error("uses `{{revision}}`, and no commit is known")]
    NoRevision,
    /// Its variables stand for more than any reference has.
    #[error("becomes longer than {MOST_EXPANDED} bytes")]
    TooLong,
    /// `{revision}`, and it is not one.
    #[error("uses `{{revision}}`, and {0} {1}")]
    Revision(Shown, RevisionError),
}

impl ExpansionMistake {
    /// Whether it is a mistake wherever the text is read, and not only where a variable is not set.
    pub(super) fn is_everywhere(&self) -> bool {
        match self {
            Self::Dollar
            | Self::Template(_)
            | Self::Shell(_, _)
            | Self::SecretName(_)
            | Self::Secret(_) => true,
            Self::Unset(_)
            | Self::Nil(_)
            | Self::NotUnicode(_)
            | Self::BraceInValue(_)
            | Self::NoRevision
            | Self::TooLong
            | Self::Revision(_, _) => false,
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        const FORMS: &str =
            "only `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are replaced here";
        match self {
            Self::Unset(_) => Some("set it in this job, or write the value itself".into()),
            Self::Nil(_) => Some(
                "CircleCI writes `<nil>` for a pipeline value that is not set: set it, or write the value itself"
                    .into(),
            ),
            Self::SecretName(_) => Some(
                "a config file cannot use it, because its value would be sent to a registry: copy a value that is \
                 not secret to a variable of another name"
                    .into(),
            ),
            Self::Shell(_, Some(instead)) => Some(format!("write `{instead}`")),
            Self::Shell(_, None) | Self::Dollar => Some(FORMS.into()),
            Self::NoRevision => Some(
                "`CIRCLE_SHA1` is not set: give the commit with `--expect-revision=SHA`".into(),
            ),
            Self::Revision(_, _) => {
                Some("give the whole commit hash with `--expect-revision=SHA`".into())
            }
            Self::NotUnicode(_) => Some(variables::NOT_UNICODE.into()),
            Self::Secret(_) => Some(variables::SECRET.into()),
            Self::BraceInValue(_) | Self::Template(_) | Self::TooLong => None,
        }
    }
}

/// The commit that is meant, as far as one is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KnownRevision {
    None,
    Known(Revision),
    /// The text that is given as the commit is not one.
    Broken(Shown, RevisionError),
}

/// Expands texts.
#[derive(Clone, Copy)]
pub(super) struct Expander<'a> {
    pub variables: Variables<'a>,
    pub revision: &'a KnownRevision,
    /// Whether the texts are a config file's, which may not name a secret.
    pub in_config: bool,
}

impl Expander<'_> {
    /// The same, for the texts of the config file.
    pub(super) fn of_config(self) -> Self {
        Self { in_config: true, ..self }
    }

    /// Expands variables alone: for texts that give the revision.
    pub(super) fn variables(&self, text: &str) -> Result<String, ExpansionMistake> {
        self.substitute(text, None)
    }

    /// Expands variables and placeholders.
    pub(super) fn text(&self, text: &str) -> Result<String, ExpansionMistake> {
        if is_plain(text) {
            return Ok(text.to_owned());
        }
        let template = Self::parse(&self.substitute(text, None)?)?;
        if !template.needs_revision() {
            return Ok(template.fill_text(""));
        }
        match self.revision {
            KnownRevision::Known(revision) => Ok(template.fill_text(revision.as_str())),
            KnownRevision::None => Err(ExpansionMistake::NoRevision),
            KnownRevision::Broken(text, why) => Err(ExpansionMistake::Revision(text.clone(), *why)),
        }
    }

    /// Expands variables alone, and `$CIRCLE_SHA1` to the placeholder that it stands for where it is not set: the
    /// image's own label can fill it. The parts are joined once they are expanded, so that a name ends with its part.
    pub(super) fn template(&self, parts: &[&str]) -> Result<TagTemplate, ExpansionMistake> {
        let expanded = parts.iter().map(|part| self.substitute(part, Some("{revision}")));
        Self::parse(&expanded.collect::<Result<String, _>>()?)
    }

    fn parse(text: &str) -> Result<TagTemplate, ExpansionMistake> {
        text.parse().map_err(ExpansionMistake::Template)
    }

    /// `commit` is what an unset `$CIRCLE_SHA1` becomes.
    fn substitute(&self, text: &str, commit: Option<&str>) -> Result<String, ExpansionMistake> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            let Some((name, behind)) = split_name(after) else { return Err(self.unnamed(after)) };
            out.push_str(before);
            match self.value(name) {
                Err(ExpansionMistake::Unset(_)) if name == "CIRCLE_SHA1" && commit.is_some() => {
                    out.push_str(commit.unwrap_or_default());
                }
                value => out.push_str(&value?),
            }
            if out.len() > MOST_EXPANDED {
                return Err(ExpansionMistake::TooLong);
            }
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(&self, name: &str) -> Result<String, ExpansionMistake> {
        let shown = || Shown::new(name, self.variables.redactor);
        if self.in_config && has_secret_word(name) {
            return Err(ExpansionMistake::SecretName(shown()));
        }
        match self.variables.text(name).map_err(ExpansionMistake::NotUnicode)? {
            None => Err(ExpansionMistake::Unset(shown())),
            Some(value) if value.trim().is_empty() => Err(ExpansionMistake::Unset(shown())),
            Some(value) if is_nil(&value) => Err(ExpansionMistake::Nil(shown())),
            Some(value) if self.variables.redactor.finds_token_in(&value) => {
                Err(ExpansionMistake::Secret(shown()))
            }
            Some(value) if value.contains(['{', '}']) => {
                Err(ExpansionMistake::BraceInValue(shown()))
            }
            Some(value) => Ok(value),
        }
    }

    /// What is wrong with a `$` that no name follows.
    fn unnamed(&self, after: &str) -> ExpansionMistake {
        let inside = after.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        match inside {
            Some((inside, _)) if inside.starts_with(is_name_start) => {
                let shown = Shown::new(&format!("${{{inside}}}"), self.variables.redactor);
                ExpansionMistake::Shell(shown, instead(inside))
            }
            Some(_) | None => ExpansionMistake::Dollar,
        }
    }
}

/// What is written here for `${CIRCLE_SHA1:0:7}`.
fn instead(inside: &str) -> Option<String> {
    let (offset, count) = inside.strip_prefix("CIRCLE_SHA1:")?.split_once(':')?;
    let count: u8 = count.trim().parse().ok().filter(|count| (1..=64).contains(count))?;
    matches!(offset.trim(), "" | "0").then(|| format!("{{revision:{count}}}"))
}

/// Whether a text stands for itself.
pub(super) fn is_plain(text: &str) -> bool {
    !text.contains(['$', '{', '}'])
}

/// Whether a text is one variable and nothing else: `$NAME` or `${NAME}`.
pub(super) fn is_one_variable(text: &str) -> bool {
    text.strip_prefix('$').and_then(split_name).is_some_and(|(_, behind)| behind.is_empty())
}

fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

/// The name behind a `$`, and what follows it.
fn split_name(after: &str) -> Option<(&str, &str)> {
    if let Some(rest) = after.strip_prefix('{') {
        let (name, behind) = rest.split_once('}')?;
        return is_variable_name(name).then_some((name, behind));
    }
    let end = after
        .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .unwrap_or(after.len());
    let (name, behind) = after.split_at_checked(end)?;
    is_variable_name(name).then_some((name, behind))
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
                "BLANK" => " \n",
                "NIL" => "<nil>",
                "LONG" => return Some(OsString::from("a".repeat(100_000))),
                _ => return None,
            };
            Some(OsString::from(value))
        };
        let variables = Variables { lookup: &lookup, redactor: &redactor };
        run(Expander { variables, revision, in_config: false })
    }

    #[test]
    fn what_becomes_longer_than_any_list_of_images_is_refused() {
        let ok = text(&"$LONG/".repeat(40)).unwrap();
        assert_eq!(ok.len(), 40 * 100_001);
        let said = text(&"$LONG/".repeat(100_000));
        assert_eq!(said, Err("becomes longer than 4194304 bytes".to_owned()));
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
            "$BLANK",
            "$NIL",
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
        $NOPE uses the variable `$NOPE`, which is unset or empty
        ${EMPTY} uses the variable `$EMPTY`, which is unset or empty
        $BLANK uses the variable `$BLANK`, which is unset or empty
        $NIL uses the variable `$NIL`, whose value is `<nil>`
        $ holds a `$` that is not part of `$NAME` or `${NAME}`
        a$-b holds a `$` that is not part of `$NAME` or `${NAME}`
        ${TAG holds a `$` that is not part of `$NAME` or `${NAME}`
        ${} holds a `$` that is not part of `$NAME` or `${NAME}`
        $1 holds a `$` that is not part of `$NAME` or `${NAME}`
        {sha} holds a brace that is not part of `{revision}` or `{revision:7}`
        {revision:99} has a number of digits that is not between 1 and 64
        $BRACES uses the variable `$BRACES`, whose value holds a brace
        $TOKEN cannot be expanded: the variable `TOKEN` holds a secret, and its value would be shown
        } holds a brace that is not part of `{revision}` or `{revision:7}`
        ");
    }

    #[test]
    fn without_a_commit_only_a_template_can_wait_for_one() {
        with(&KnownRevision::None, |expander| {
            assert_eq!(expander.text("{revision}"), Err(ExpansionMistake::NoRevision));
            assert!(expander.template(&["{revision}-dev"]).unwrap().needs_revision());
            assert!(expander.template(&["$CIRCLE_SHA1", "x-dev"]).unwrap().needs_revision());
            assert!(!expander.template(&["$TAG"]).unwrap().needs_revision());
            assert!(matches!(expander.template(&["$NOPE"]), Err(ExpansionMistake::Unset(_))));
        });
    }

    #[test]
    fn a_shell_s_own_forms_are_named_with_what_is_written_here() {
        let mistakes: Vec<String> = [
            "${CIRCLE_SHA1:0:7}",
            "a:${CIRCLE_SHA1::12}-dev",
            "${CIRCLE_SHA1:1:7}",
            "${CIRCLE_SHA1:0:99}",
            "${TAG:-latest}",
            "${TAG%-dev}",
            "$(git rev-parse HEAD)",
        ]
        .map(|word| {
            let known = KnownRevision::Known(COMMIT.parse().unwrap());
            let mistake = with(&known, |expander| expander.text(word).unwrap_err());
            format!("{word} {mistake}\n  {}", mistake.hint().unwrap())
        })
        .into();
        insta::assert_snapshot!(mistakes.join("\n"), @"
        ${CIRCLE_SHA1:0:7} holds `${CIRCLE_SHA1:0:7}`, which only a shell expands
          write `{revision:7}`
        a:${CIRCLE_SHA1::12}-dev holds `${CIRCLE_SHA1::12}`, which only a shell expands
          write `{revision:12}`
        ${CIRCLE_SHA1:1:7} holds `${CIRCLE_SHA1:1:7}`, which only a shell expands
          only `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are replaced here
        ${CIRCLE_SHA1:0:99} holds `${CIRCLE_SHA1:0:99}`, which only a shell expands
          only `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are replaced here
        ${TAG:-latest} holds `${TAG:-latest}`, which only a shell expands
          only `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are replaced here
        ${TAG%-dev} holds `${TAG%-dev}`, which only a shell expands
          only `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are replaced here
        $(git rev-parse HEAD) holds a `$` that is not part of `$NAME` or `${NAME}`
          only `$NAME`, `${NAME}`, `{revision}` and `{revision:7}` are replaced here
        ");
    }

    #[test]
    fn a_config_file_cannot_name_a_secret() {
        let is_refused = |name: &str| {
            with(&KnownRevision::None, |expander| {
                let text = format!("x-${{{name}}}");
                let mistake = expander.of_config().text(&text).unwrap_err();
                assert!(!matches!(expander.text(&text), Err(ExpansionMistake::SecretName(_))));
                mistake == ExpansionMistake::SecretName(Shown::new(name, &Redactor::default()))
                    && mistake.is_everywhere()
            })
        };
        let named = "NPM_TOKEN api_key PASSWORD DB_PASSWD MY_PASS_2 PWD AWS_SECRET KEY CREDENTIAL \
                     CREDENTIALS BASIC_AUTH GH_PAT JWT SENTRY_DSN Private_Thing SLACK_WEBHOOK _COOKIE_";
        for name in named.split_whitespace() {
            assert!(is_refused(name), "{name}");
        }
        for name in
            "KEEPKEY_STAGE AUTHOR TOKENS APIKEY PATH COMPASS SECRETS_2 WEBHOOKS".split_whitespace()
        {
            assert!(!is_refused(name), "{name}");
        }
    }

    proptest! {
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
