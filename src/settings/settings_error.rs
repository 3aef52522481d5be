//! What leaves this room where nothing can be asked: masked texts, and the outputs that an older run may have left.

use std::fmt;

use crate::secret::Redactor;
use crate::settings::usage_error::UsageError;
use crate::settings::{Outputs, Words};

/// How long a whole message may become.
const MESSAGE: usize = 1_000;

/// Who reads a mistake.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    /// Whether standard output is read by a program.
    pub wants_json: bool,
    /// In whose words options are named.
    pub words: Words,
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
        error: &UsageError,
        redactor: &Redactor,
        Caller { wants_json, words }: Caller,
        outputs: Outputs,
    ) -> Self {
        let worded = |text: &str| words.put(text.to_owned());
        let hint = error.hint_for(words == Words::Orb).map(|hint| {
            let hint = worded(hint);
            let lines: Vec<String> =
                hint.lines().map(|line| redactor.line(line, MESSAGE)).collect();
            lines.join("\n")
        });
        let message = redactor.line(&worded(&error.to_string()), MESSAGE);
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
