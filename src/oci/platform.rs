//! Platforms: `os/architecture[/variant]`, compared as a container engine compares them.

use std::fmt;
use std::str::FromStr;

/// What an image runs on (image-spec, "Image Index", `platform`).
///
/// Two spellings of one platform are equal: `linux/arm64` is `linux/arm64/v8`, `linux/arm` is
/// `linux/arm/v7`, `linux/amd64/v1` is `linux/amd64`.
///
/// ```
/// use verify_registry_image::oci::Platform;
///
/// let short: Platform = "linux/arm64".parse()?;
/// let long: Platform = "linux/arm64/v8".parse()?;
/// assert_eq!(short, long);
/// assert_eq!(long.to_string(), "linux/arm64");
/// # Ok::<(), verify_registry_image::oci::PlatformError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    /// Empty where the architecture's usual variant is meant; of `arm`, which has none, it is always told.
    variant: String,
}

/// Why a text is not a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// Not two or three parts.
    #[error("is not `os/architecture` or `os/architecture/variant`, as in `linux/amd64`")]
    Shape,
    /// A part is empty or holds a character that no platform has.
    #[error("holds an empty part or a character other than a-z, 0-9, `.`, `_` and `-`")]
    Character,
}

impl Platform {
    /// Builds a platform from the three fields of a descriptor or an image config.
    ///
    /// # Errors
    /// When a part could not be part of any platform. An empty variant is none, and case does not matter.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Result<Self, PlatformError> {
        let well_formed = |part: &str| {
            part.len() <= 64
                && part
                    .bytes()
                    .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
        };
        let parts = [os, architecture, variant].map(str::to_ascii_lowercase);
        if os.is_empty() || architecture.is_empty() || !parts.iter().all(|part| well_formed(part)) {
            return Err(PlatformError::Character);
        }
        let [os, architecture, variant] = parts;
        // The normal forms of containerd, which docker shows too (containerd/platforms, `database.go`).
        let os = if os == "macos" { "darwin".to_owned() } else { os };
        let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
            ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("i386", _) => ("386", ""),
            ("aarch64" | "arm64", "8" | "v8") => ("arm64", ""),
            ("aarch64", variant) => ("arm64", variant),
            ("arm", "" | "7") | ("armhf", _) => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            usual => usual,
        };
        let [architecture, variant] = [architecture, variant].map(str::to_owned);
        Ok(Self { os, architecture, variant })
    }

    /// The operating system, as in `linux`.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// The processor architecture, as in `amd64`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// The variant; empty where it is the usual one of `arm64` or `amd64`.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Whether operating system and architecture are the same; variants of one machine run on each other.
    pub fn is_same_machine(&self, other: &Self) -> bool {
        self.os == other.os && self.architecture == other.architecture
    }

    /// Whether it is `386` beside `amd64`, which some engines take there.
    pub fn is_32_bit_of(&self, other: &Self) -> bool {
        self.os == other.os && (self.architecture(), other.architecture()) == ("386", "amd64")
    }

    /// Whether images for `other` run here, too: the same machine, in the same variant or an earlier one.
    pub fn runs(&self, other: &Self) -> bool {
        let version = |platform: &Self| match (platform.architecture(), platform.variant()) {
            ("amd64", "") => Some(1),
            ("arm64", "") => Some(8),
            (_, variant) => variant.strip_prefix('v')?.parse::<u8>().ok(),
        };
        let is_earlier = version(self).zip(version(other)).is_some_and(|(own, other)| other <= own);
        self == other || self.is_same_machine(other) && is_earlier
    }

    /// Whether something can run on it. Attestations are listed under `unknown/unknown`.
    pub fn is_runnable(&self) -> bool {
        self.os != "unknown" && self.architecture != "unknown"
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    /// As a person types it: in any case.
    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(os), Some(architecture), None, None) => Self::new(os, architecture, ""),
            (Some(_), Some(_), Some(""), None) => Err(PlatformError::Character),
            (Some(os), Some(architecture), Some(variant), None) => {
                Self::new(os, architecture, variant)
            }
            _ => Err(PlatformError::Shape),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_platform_are_equal() {
        let same = |left: &str, right: &str| {
            left.parse::<Platform>().unwrap() == right.parse::<Platform>().unwrap()
        };
        assert!(same("linux/arm64", "linux/arm64/v8"));
        assert!(same("linux/aarch64", "linux/arm64"));
        assert!(same("Linux/AMD64", "linux/x86_64"));
        assert!(same("linux/arm", "linux/arm/v7"));
        assert!(same("linux/armhf", "linux/arm/7") && same("linux/armel", "linux/arm/6"));
        assert!(same("linux/arm/5", "linux/arm/v5") && same("linux/arm/8", "linux/arm/v8"));
        assert!(same("linux/i386", "linux/386") && same("linux/arm64/8", "linux/aarch64"));
        assert!(same("macos/x86_64/v1", "darwin/amd64"));
        assert!(!same("linux/arm/v6", "linux/arm/v7"));
        assert_eq!("linux/arm".parse::<Platform>().unwrap().to_string(), "linux/arm/v7");
        assert!(!same("linux/amd64", "linux/amd64/v3"));
        assert!(!same("linux/amd64", "windows/amd64"));
    }

    #[test]
    fn case_does_not_matter() {
        for (os, architecture) in [("Linux", "amd64"), ("linux", "AMD64")] {
            assert_eq!(Platform::new(os, architecture, ""), "linux/amd64".parse());
        }
        assert_eq!(Platform::new("linux", "arm64", "V8"), "Linux/ARM64".parse());
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for text in ["", "linux", "linux/arm64/v8/x"] {
            assert_eq!(text.parse::<Platform>(), Err(PlatformError::Shape), "{text}");
        }
        for text in ["/amd64", "linux/", "linux/arm64/", "linux/a md64", "linux/ämd64"] {
            assert_eq!(text.parse::<Platform>(), Err(PlatformError::Character), "{text}");
        }
    }

    #[test]
    fn an_earlier_variant_runs_and_a_later_one_does_not() {
        let runs = |here: &str, there: &str| {
            here.parse::<Platform>().unwrap().runs(&there.parse().unwrap())
        };
        assert!(runs("linux/amd64", "linux/amd64") && runs("linux/amd64/v3", "linux/amd64"));
        assert!(runs("linux/arm/v7", "linux/arm/v6") && runs("linux/arm64/v9", "linux/arm64"));
        assert!(!runs("linux/amd64", "linux/amd64/v3") && !runs("linux/arm/v6", "linux/arm"));
        assert!(!runs("linux/amd64/v3", "windows/amd64") && !runs("linux/s390x", "linux/s390x/z"));
        assert!(runs("linux/s390x/z", "linux/s390x/z"));
    }

    #[test]
    fn attestations_do_not_run() {
        for text in ["unknown/unknown", "unknown/amd64", "linux/unknown"] {
            assert!(!text.parse::<Platform>().unwrap().is_runnable(), "{text}");
        }
        assert!("linux/riscv64".parse::<Platform>().unwrap().is_runnable());
    }

    proptest! {
        #[test]
        fn printing_round_trips(text in "[a-zA-Z0-9/._-]{0,20}") {
            if let Ok(platform) = text.parse::<Platform>() {
                prop_assert_eq!(platform.to_string().parse::<Platform>().unwrap(), platform);
            }
        }
    }
}
