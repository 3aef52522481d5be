//! One service of the config file, and the tags that it has where it shares its repository with others.

use crate::oci::Tag;
use crate::settings::config::{Config, ConfigError, ServiceEntry, TAG_PLACE, Text};
use crate::settings::expand::Expander;

/// A service of the config.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConfiguredService<'c> {
    pub name: &'c str,
    pub entry: &'c ServiceEntry,
}

impl<'c> ConfiguredService<'c> {
    /// What the file calls its repository.
    pub(super) fn text(self) -> &'c str {
        self.entry.repository.as_ref().map_or(self.name, |Text(repository)| repository)
    }

    /// What its `tag` has before and behind `{tag}`, where it has one.
    pub(super) fn around(self) -> Option<(&'c str, &'c str)> {
        self.entry.tag.as_ref()?.0.split_once(TAG_PLACE)
    }

    /// Its tags, where they are not the environments' own.
    pub(super) fn tags(
        self,
        config: &Config,
        expander: Expander<'_>,
    ) -> Option<Result<ServiceTag, ConfigError>> {
        let (before, after) = self.around()?;
        let at = ["services", self.name, "tag"];
        let part = |text| expanded(config, expander, text, &at);
        Some(part(before).and_then(|before| Ok(ServiceTag { before, after: part(after)? })))
    }
}

/// The tags of a service that shares its repository with others: `api-{tag}`, expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServiceTag {
    before: String,
    after: String,
}

impl ServiceTag {
    /// The service's tag for a tag of an environment.
    pub(super) fn around(&self, tag: &str) -> String {
        format!("{}{tag}{}", self.before, self.after)
    }

    /// Whether a tag can be one of the service's.
    pub(super) fn fits(&self, tag: &Tag) -> bool {
        let inside = tag.as_str().strip_prefix(&self.before);
        let inside = inside.and_then(|rest| rest.strip_suffix(&self.after));
        inside.is_some_and(|inside| !inside.is_empty())
    }
}

/// A text of the config, expanded.
pub(super) fn expanded(
    config: &Config,
    expander: Expander<'_>,
    text: &str,
    at: &[&str],
) -> Result<String, ConfigError> {
    expander.of_config().text(text).map_err(|why| config.not_expanded(at, text, &why))
}
