//! What can be wrong with what was asked, as one error that is safe to show.
//!
//! Each part of the settings has an enum of its own mistakes; [`Mistake`] gathers them, and
//! [`SettingsError`] is what leaves this module: masked texts, and nothing that was not made to be shown.

use std::fmt;

use crate::secret::Redactor;
use crate::settings::Outputs;
use crate::settings::config::ConfigError;
use crate::settings::environment::VariableMistake;
use crate::settings::environments::EnvironmentMistake;
use crate::settings::expectation::ExpectationMistake;
use crate::settings::given::ValueMistake;
use crate::settings::images::{ImageMistake, WordMistake};
use crate::settings::network::NetworkMistake;
use crate::settings::orb;
use crate::settings::outputs::OutputMistake;
use crate::settings::token::TokenMistake;
use crate::settings::usage::ArgumentMistake;

/// How much of a foreign text is quoted.
const QUOTED: usize = 120;

/// How long a whole message may become.
const MESSAGE: usize = 1_000;

/// Untrusted text made safe to print: control characters removed, secrets masked, truncated. Displays in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown(String);

impl Shown {
    /// Takes a foreign text.
    pub(crate) fn new(text: &str, redactor: &Redactor) -> Self {
        Self(redactor.line(text, QUOTED))
    }

    /// Without backticks.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.0)
    }
}

/// What was wrong, by the part that it was found in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mistake {
    /// The command line cannot be read.
    #[error(transparent)]
    Argument(#[from] ArgumentMistake),
    /// An environment variable cannot be read.
    #[error(transparent)]
    Variable(#[from] VariableMistake),
    /// An option has a value that it cannot have.
    #[error(transparent)]
    Value(#[from] ValueMistake),
    /// The config file.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The images that were asked for.
    #[error(transparent)]
    Image(#[from] ImageMistake),
    /// The words that name them.
    #[error(transparent)]
    Word(#[from] WordMistake),
    /// The environment that they belong to.
    #[error(transparent)]
    Environment(#[from] EnvironmentMistake),
    /// What the images are expected to be.
    #[error(transparent)]
    Expectation(#[from] ExpectationMistake),
    /// The outputs that were asked for.
    #[error(transparent)]
    Output(#[from] OutputMistake),
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenMistake),
    /// Where DigitalOcean is, and the proxy.
    #[error(transparent)]
    Network(#[from] NetworkMistake),
}

impl Mistake {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Argument(mistake) => mistake.hint(),
            Self::Variable(mistake) => mistake.hint(),
            Self::Value(mistake) => mistake.hint(),
            Self::Config(error) => error.mistake.hint(),
            Self::Image(mistake) => mistake.hint(),
            Self::Word(mistake) => mistake.hint(),
            Self::Environment(mistake) => Some(mistake.hint()),
            Self::Expectation(mistake) => mistake.hint(),
            Self::Output(mistake) => mistake.hint(),
            Self::Token(mistake) => Some(mistake.hint()),
            Self::Network(mistake) => Some(mistake.hint()),
        }
    }
}

/// Who reads a mistake.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    /// Whether standard output is read by a program.
    pub wants_json: bool,
    /// Whether the orb's script runs the program.
    pub is_orb: bool,
}

/// Why nothing was asked: exit code 2. Its texts hold no secret and no control character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    message: String,
    hint: Option<String>,
    wants_json: bool,
    outputs: Box<Outputs>,
}

impl SettingsError {
    pub(super) fn new(
        mistake: &Mistake,
        redactor: &Redactor,
        Caller { wants_json, is_orb }: Caller,
        outputs: Outputs,
    ) -> Self {
        let worded = |text: String| if is_orb { orb::in_its_words(&text) } else { text };
        let of_orb = orb::hint(mistake).filter(|_| is_orb).map(str::to_owned);
        let hint = of_orb.or_else(|| mistake.hint().map(worded)).map(|hint| {
            let lines: Vec<String> =
                hint.lines().map(|line| redactor.line(line, MESSAGE)).collect();
            lines.join("\n")
        });
        let message = redactor.line(&worded(mistake.to_string()), MESSAGE);
        Self { message, hint, wants_json, outputs: Box::new(outputs) }
    }

    /// What to do next; may have several lines.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    /// The outputs that were asked for, as far as that was understood: an older run's must not stay there.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// Whether `--format json` was asked for, as far as that can be told.
    pub fn wants_json(&self) -> bool {
        self.wants_json
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SettingsError {}

/// The candidate that `word` was probably meant to be.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = |text: &str| text.to_lowercase().replace('_', "-");
    let word = folded(word);
    candidates
        .into_iter()
        .map(|candidate| {
            // Damerau–Levenshtein catches transposed letters, Jaro–Winkler truncated words.
            let folded = folded(candidate);
            let likeness = strsim::normalized_damerau_levenshtein(&word, &folded);
            (likeness.max(strsim::jaro_winkler(&word, &folded) - 0.2), candidate)
        })
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// `a`, `b` and `c`: a list for a sentence, cut where it would be endless.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, redactor: &Redactor) -> String {
    const MOST: usize = 12;
    let names: Vec<String> =
        names.into_iter().map(|name| Shown::new(name, redactor).to_string()).collect();
    let more = names.len().saturating_sub(MOST);
    let shown = names.get(..MOST).unwrap_or(&names);
    match (shown, more) {
        (_, 1..) => format!("{} and {more} more", shown.join(", ")),
        ([names @ .., last], 0) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        (_, 0) => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_foreign_text_is_masked_before_it_is_cut() {
        let redactor = Redactor::default();
        redactor.hide(&Secret::new("dop_v1_0123456789abcdef"));
        let text = format!("{}dop_v1_0123456789abcdef", "x".repeat(110));
        assert_eq!(Shown::new(&text, &redactor).to_string(), format!("`{}***`", "x".repeat(110)));
        assert_eq!(Shown::new("a\u{1b}[0m\nb", &redactor).to_string(), "`a[0m b`");
    }

    #[test]
    fn the_word_that_was_meant_is_found() {
        let keys = ["tag", "immutable_tag", "branch", "expect_revision"];
        assert_eq!(nearest("tga", keys), Some("tag"));
        assert_eq!(nearest("immutable-tag", keys), Some("immutable_tag"));
        assert_eq!(nearest("expect_revison", keys), Some("expect_revision"));
        assert_eq!(nearest("zzz", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        let redactor = Redactor::default();
        let list = |names: &[&str]| listed(names.iter().copied(), &redactor);
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert!(list(&["x"; 20]).ends_with("`x` and 8 more"));
    }
}
