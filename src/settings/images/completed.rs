//! `--default-registry`: references as a cluster lists them, completed as a cluster reads them.
//!
//! Every IMAGE is a reference there. With a config file it could be a misspelt service, which must never become
//! somebody else's image, so the two exclude each other.

use super::{Target, nothing};
use crate::oci::{Digest, Reference, RegistryHost};
use crate::settings::question::Question;
use crate::settings::usage_error::UsageError;
use crate::settings::values::{Given, conflict};

/// Docker Hub, where a repository of one part is below `library/`.
const DOCKER_HUB: &str = "docker.io";

/// The tag of a reference that has neither tag nor digest.
const LATEST: &str = "latest";

impl<'c> Question<'c> {
    /// The images of words that are references, completed with a registry where they have none.
    pub(super) fn completed(
        self,
        default: &Given<RegistryHost>,
        words: &[String],
    ) -> Result<Vec<Target<'c>>, UsageError> {
        if let Some(config) = self.config {
            let config = self.shown(&config.path.to_string_lossy());
            let message =
                format!("{} cannot be used with the config file {config}", default.origin);
            return Err(UsageError::new(message).hint(
                "run it in a folder without one: a misspelt service must not become somebody else's image",
            ));
        }
        let args = self.args;
        let others = [args.repository.as_ref(), args.environment.as_ref(), args.services.first()];
        if let Some(other) = others.into_iter().flatten().next() {
            return Err(conflict(&default.origin, &other.origin));
        }
        if words.is_empty() {
            return Err(nothing());
        }
        let words = self.expanded_words(words)?;
        words.iter().map(|word| self.complete(default.value.as_str(), word)).collect()
    }

    fn complete(self, default: &str, word: &str) -> Result<Target<'c>, UsageError> {
        if word.parse::<Digest>().is_ok() {
            return Err(self.bare_digest(word));
        }
        let (host, rest) = match word.split_once('/') {
            Some((first, rest)) if Reference::is_host(first) => (first, rest),
            Some(_) | None => (default, word),
        };
        let is_short = host.eq_ignore_ascii_case(DOCKER_HUB) && !rest.contains('/');
        let library = if is_short { "library/" } else { "" };
        let has_tag = rest.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
        let tag = if has_tag { String::new() } else { format!(":{LATEST}") };
        let text = format!("{host}/{library}{rest}{tag}");
        let reference = text.parse().map_err(|why| self.malformed(word, &why))?;
        let note = (!has_tag).then(|| {
            format!(
                "{} has no tag and is read as `{LATEST}`, as a cluster reads it",
                self.shown(word)
            )
        });
        Ok(Target { notes: note.into_iter().collect(), ..Target::new(reference, None) })
    }
}
