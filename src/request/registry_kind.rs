//! The kinds of registries that are treated differently.

use crate::oci::RegistryHost;

/// What kind of registry an image is in. Where kinds differ, one `match` names them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryKind {
    /// DigitalOcean's, or the one that `DIGITALOCEAN_REGISTRY_HOST` names.
    DigitalOcean,
    /// Docker Hub, under any of its names.
    DockerHub,
    /// Any other.
    Other,
}

impl RegistryKind {
    /// The kind of a registry that is not `DigitalOcean`'s. Which one is, only the settings know.
    pub fn of_other(host: &RegistryHost) -> Self {
        match host.as_str() {
            "docker.io" | "index.docker.io" | "registry-1.docker.io" => Self::DockerHub,
            _ => Self::Other,
        }
    }
}
