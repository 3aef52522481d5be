//! The top level of a manifest: whether its fields are those of the kind that it was served as.

use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use crate::oci::MediaType;
use crate::oci::exact::taken_for;
use crate::oci::manifest_error::ManifestError;

/// The names of a document's top-level fields, duplicates included.
pub(super) struct TopLevelKeys(Vec<String>);

impl TopLevelKeys {
    /// Refuses a body that a more lenient reader could take for another kind of manifest.
    pub(super) fn check(&self, header: MediaType) -> Result<(), ManifestError> {
        static CONTESTED: [&str; 9] = [
            "schemaVersion",
            "mediaType",
            "config",
            "layers",
            "manifests",
            "fsLayers",
            "history",
            "artifactType",
            "annotations",
        ];
        let expected: &[&str] = if header.is_index() {
            &["schemaVersion", "mediaType", "manifests", "artifactType", "annotations"]
        } else {
            &["schemaVersion", "mediaType", "config", "layers", "artifactType", "annotations"]
        };
        let mut seen = Vec::new();
        for key in &self.0 {
            let Some(field) = taken_for(key, &CONTESTED) else { continue };
            if field != key {
                return Err(ManifestError::Ambiguous(format!("it has a field `{key}`")));
            }
            if !expected.contains(&field) {
                let said = format!("it was served as `{header}` and has a field `{field}`");
                return Err(ManifestError::Ambiguous(said));
            }
            if seen.contains(&field) {
                return Err(ManifestError::Ambiguous(format!("it has the field `{field}` twice")));
            }
            seen.push(field);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for TopLevelKeys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = TopLevelKeys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopLevelKeys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(TopLevelKeys(keys))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
