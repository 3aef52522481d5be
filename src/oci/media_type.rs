//! The four manifest media types that a registry may answer with.

use std::fmt;

/// A manifest's media type: OCI's or Docker's, an image or an index of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaType {
    /// `application/vnd.oci.image.index.v1+json`
    OciImageIndex,
    /// `application/vnd.oci.image.manifest.v1+json`
    OciImageManifest,
    /// `application/vnd.docker.distribution.manifest.list.v2+json`
    DockerManifestList,
    /// `application/vnd.docker.distribution.manifest.v2+json`
    DockerManifest,
}

impl MediaType {
    /// All four. A registry that does not see one of them in `Accept` may convert the manifest or deny that it exists.
    pub const ALL: [Self; 4] = [
        Self::OciImageIndex,
        Self::OciImageManifest,
        Self::DockerManifestList,
        Self::DockerManifest,
    ];

    /// The value of an `Accept` header that lists all four.
    pub const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
         application/vnd.oci.image.manifest.v1+json, \
         application/vnd.docker.distribution.manifest.list.v2+json, \
         application/vnd.docker.distribution.manifest.v2+json";

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OciImageIndex => "application/vnd.oci.image.index.v1+json",
            Self::OciImageManifest => "application/vnd.oci.image.manifest.v1+json",
            Self::DockerManifestList => "application/vnd.docker.distribution.manifest.list.v2+json",
            Self::DockerManifest => "application/vnd.docker.distribution.manifest.v2+json",
        }
    }

    /// Whether it is an index (a manifest list): one tag for several platforms.
    pub fn is_index(self) -> bool {
        match self {
            Self::OciImageIndex | Self::DockerManifestList => true,
            Self::OciImageManifest | Self::DockerManifest => false,
        }
    }

    /// Whether it is OCI's spelling, in which a body may leave its `mediaType` out.
    pub fn is_oci(self) -> bool {
        match self {
            Self::OciImageIndex | Self::OciImageManifest => true,
            Self::DockerManifestList | Self::DockerManifest => false,
        }
    }

    /// Reads a `Content-Type` value or a `mediaType` field; parameters behind `;` are ignored
    /// (distribution-spec, "Pulling manifests"). `None` for every other type.
    pub fn parse(text: &str) -> Option<Self> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|known| essence.eq_ignore_ascii_case(known.as_str()))
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_accepted_and_reads_back() {
        let accepted: Vec<_> = MediaType::ACCEPT.split(", ").map(MediaType::parse).collect();
        assert_eq!(accepted, MediaType::ALL.map(Some));
    }

    #[test]
    fn parameters_and_case_do_not_matter() {
        let json = "Application/vnd.oci.image.index.v1+json; charset=utf-8";
        assert_eq!(MediaType::parse(json), Some(MediaType::OciImageIndex));
        for other in ["", "text/html", "application/json", "application/vnd.oci.image.index.v1"] {
            assert_eq!(MediaType::parse(other), None);
        }
    }
}
