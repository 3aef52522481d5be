//! Everything that words and requests are read with, handed from step to step.

use std::path::Path;

use crate::secret::Redactor;
use crate::settings::DigitalOcean;
use crate::settings::args::Args;
use crate::settings::config::Config;
use crate::settings::declared::Declared;
use crate::settings::expand::Expander;
use crate::settings::expectation::RevisionAsked;
use crate::settings::usage_error::{Shown, UsageError};

/// What was asked, and what is needed to read it.
#[derive(Clone, Copy)]
pub(super) struct Question<'c> {
    pub args: &'c Args,
    pub config: Option<&'c Config>,
    pub expander: Expander<'c>,
    /// `CIRCLE_BRANCH`.
    pub branch: Option<&'c str>,
    pub revision: &'c RevisionAsked,
    pub digitalocean: &'c DigitalOcean,
    /// The working folder.
    pub folder: &'c Path,
}

impl<'c> Question<'c> {
    pub(super) fn declared(self) -> Option<Declared<'c>> {
        self.config.map(|config| Declared { config, expander: self.expander })
    }

    pub(super) fn redactor(self) -> &'c Redactor {
        self.expander.variables.redactor
    }

    pub(super) fn shown(self, text: &str) -> Shown {
        Shown::new(text, self.redactor())
    }

    /// A word of the command line, expanded.
    pub(super) fn expanded(self, text: &str) -> Result<String, UsageError> {
        self.expander.text(text).map_err(|why| {
            UsageError::new(format!("{} {why}", self.shown(text))).maybe_hint(why.hint())
        })
    }
}
