//! Which entry of an index each engine takes for a platform.

use super::rules::{
    CONFIG_FEATURES, CONFIG_VARIANT, ENTRY_FEATURES, ENTRY_ORDER, ENTRY_SPELLING,
    ENTRY_WITHOUT_PLATFORM,
};
use super::{Refusal, Version};
use crate::oci::{MediaType, Platform};

/// An entry of an index, as an engine looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The platform that it is listed under, in its usual spelling.
    pub listed_as: Option<&'a Platform>,
    /// The platform that the config behind it says, where that is known.
    pub said: Option<&'a Platform>,
    /// Whether that config has `os.features`.
    pub config_has_features: bool,
    /// `os.features`.
    pub features: &'a [String],
    /// The platform as it is written, where that is not the usual spelling.
    pub written: Option<&'a str>,
}

/// What an engine takes for a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The entry at this place.
    Entry(usize),
    /// None, or one of another machine.
    Refused(Refusal),
    /// Nothing is known of the entry that it takes.
    Unknown(usize),
    /// The index has no entry for the platform at all.
    Nothing,
}

/// Which of `entries` of an index of this type this version of an engine takes for `platform`.
pub fn taken(
    entries: &[Candidate<'_>],
    index: MediaType,
    platform: &Platform,
    version: Version,
) -> Taken {
    let mut passed_over = None;
    // Of those without a platform, engines look at the first.
    let mut without_platform = None;
    for (place, entry) in entries.iter().enumerate() {
        match entry.listed_as {
            Some(listed) if listed == platform => match passes_over(entry, version) {
                None => return Taken::Entry(place),
                Some(refusal) => {
                    passed_over.get_or_insert(refusal);
                }
            },
            Some(_) => {}
            None => {
                without_platform.get_or_insert((place, entry));
            }
        }
    }
    // Of Docker's lists, podman takes no entry without a platform.
    if let Some((place, _)) = without_platform
        && index == MediaType::DockerManifestList
        && ENTRY_WITHOUT_PLATFORM.refused_by.contains(&version)
    {
        return Taken::Refused(passed_over.unwrap_or_else(|| Refusal {
            rule: &ENTRY_WITHOUT_PLATFORM,
            what: format!("for `{platform}`, it lists entry {} without a platform", place + 1),
        }));
    }
    let by_config = match without_platform {
        None => return passed_over.map_or(Taken::Nothing, Taken::Refused),
        Some((place, Candidate { said: None, .. })) => return Taken::Unknown(place),
        Some((place, Candidate { said: Some(said), config_has_features, .. })) => {
            match refuses_config(said, *config_has_features, platform, version) {
                None => return Taken::Entry(place),
                Some(refusal) => refusal,
            }
        }
    };
    Taken::Refused(passed_over.unwrap_or(by_config))
}

/// Why an engine does not take an entry without a platform, whose config says the platform `said`.
fn refuses_config(
    said: &Platform,
    has_features: bool,
    platform: &Platform,
    version: Version,
) -> Option<Refusal> {
    let is_of_machine = said.is_same_machine(platform);
    let (rule, what) = if !is_of_machine && !said.is_32_bit_of(platform) {
        let what = format!("for `{platform}`, the first entry without a platform is of `{said}`");
        (&ENTRY_ORDER, what)
    } else if has_features {
        let what = "its index entry has no platform, and its config has `os.features`";
        (&CONFIG_FEATURES, what.to_owned())
    } else if is_of_machine && !platform.runs(said) {
        let what = format!("its index entry has no platform, and its config is for `{said}`");
        (&CONFIG_VARIANT, what)
    } else {
        return None;
    };
    let refusal = Refusal { rule, what };
    refusal.is_by(version).then_some(refusal)
}

/// Why an engine does not take an entry of the right platform.
fn passes_over(entry: &Candidate<'_>, version: Version) -> Option<Refusal> {
    let of_features = || {
        let features: Vec<_> =
            entry.features.iter().take(3).map(|one| format!("`{one}`")).collect();
        (!features.is_empty()).then(|| Refusal {
            rule: &ENTRY_FEATURES,
            what: format!("its index entry has `os.features` {}", features.join(", ")),
        })
    };
    let of_spelling = || {
        entry.written.map(|written| Refusal {
            rule: &ENTRY_SPELLING,
            what: format!("its index entry has the platform `{written}`"),
        })
    };
    [of_features(), of_spelling()].into_iter().flatten().find(|refusal| refusal.is_by(version))
}
