//! What descriptors say beside what they point to: `urls`, and `platform` of a config or a layer.

use crate::oci::lenient::{Form, Leaf};
use crate::oci::{Platform, taken_for};

/// `platform` in the descriptor of a config or a layer. Only an index's entries are meant to have one, and an engine
/// that walks from descriptor to descriptor leaves out whatever is not for its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartPlatform {
    os: String,
    architecture: String,
    variant: String,
    /// Whether it lists `os.features`.
    pub has_features: bool,
}

impl PartPlatform {
    /// Whether it says an architecture: without one it is the platform of no machine.
    pub(super) fn is_of_a_machine(&self) -> bool {
        !self.architecture.is_empty()
    }

    /// Which one it is. Where it says no operating system it is `os`, that of the machine that pulls. `None`: it is spelt as
    /// no platform is.
    pub fn of_system(&self, os: &str) -> Option<Platform> {
        let own = if self.os.is_empty() { os } else { &self.os };
        Platform::new(own, &self.architecture, &self.variant).ok()
    }
}

impl Form for PartPlatform {
    fn field(&mut self, name: &str, value: Leaf) {
        match (taken_for(name, &["os", "architecture", "variant", "os.features"]), value) {
            (Some("os"), Leaf::Text(text)) => self.os = text,
            (Some("architecture"), Leaf::Text(text)) => self.architecture = text,
            (Some("variant"), Leaf::Text(text)) => self.variant = text,
            (Some("os.features"), Leaf::List(length)) => self.has_features = length > 0,
            _ => {}
        }
    }
}

/// Whether one of the `urls` is an address that an engine would fetch from.
#[derive(Default)]
pub(super) struct WebAddresses(pub(super) bool);

impl Form for WebAddresses {
    fn element(&mut self, value: Leaf) {
        let is_web_address =
            |url: &str| ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
        self.0 |= value.text().is_some_and(|url| is_web_address(&url));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::lenient::Lenient;

    #[test]
    fn a_part_has_the_platform_that_gos_reader_sees() {
        let told = |document: &str| {
            let Lenient(part) = serde_json::from_str::<Lenient<PartPlatform>>(document).unwrap();
            if !part.is_of_a_machine() {
                return None;
            }
            let features = if part.has_features { " with features" } else { "" };
            let platform = part.of_system("linux").map(|it| it.to_string());
            let platform = platform.unwrap_or_else(|| "odd".to_owned());
            Some(format!("{platform}{features}"))
        };
        let arm = r#""architecture":"arm64""#;
        assert_eq!(told(&format!("{{{arm},\"OS\":\"Linux\"}}")).as_deref(), Some("linux/arm64"));
        assert_eq!(
            told(&format!("{{{arm},\"os.features\":[null]}}")).as_deref(),
            Some("linux/arm64 with features")
        );
        assert_eq!(told(&format!("{{{arm},\"os.features\":[]}}")).as_deref(), Some("linux/arm64"));
        assert_eq!(told(&format!("{{{arm},\"os\":\"a b\"}}")).as_deref(), Some("odd"));
        for other in ["null", "1", "[]", "{}", r#"{"os":"linux"}"#, r#"{"architecture":1}"#] {
            assert_eq!(told(other), None, "{other}");
        }
    }
}
