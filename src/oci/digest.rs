//! Content digests: `sha256:` or `sha512:` and lower-case hex. The only place that hashes.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha512};

/// A hash algorithm registered by the OCI image specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, which every registry speaks.
    Sha256,
    /// SHA-512, registered too and seldom seen.
    Sha512,
}

impl Algorithm {
    /// The name that stands before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// The digest of some content (image-spec, "Digests").
///
/// ```
/// use verify_registry_image::oci::{Algorithm, Digest};
///
/// let digest = Digest::of(Algorithm::Sha256, b"{}");
/// assert_eq!(
///     digest.to_string(),
///     "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
/// );
/// assert_eq!(digest.to_string().parse(), Ok(digest));
/// assert!("sha256:../../etc/passwd".parse::<Digest>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hex: Box<str>,
}

/// Why a text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `algorithm:` part.
    #[error("has no algorithm; a digest is written `sha256:` and 64 hex digits")]
    NoAlgorithm,
    /// The algorithm is not one that can be checked here.
    #[error("has an algorithm that is neither sha256 nor sha512")]
    UnknownAlgorithm,
    /// The hex part has the wrong number of digits.
    #[error("has {found} hex digits where {} has {}", .algorithm.as_str(), .algorithm.hex_length())]
    Length {
        /// The algorithm that was named.
        algorithm: Algorithm,
        /// How many characters follow the colon.
        found: usize,
    },
    /// The hex part holds something else than `0-9a-f`.
    #[error("holds a character that is not a lower-case hex digit")]
    NotLowerHex,
}

const SHA256_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA512_OF_NOTHING: &str = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
     47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

impl Digest {
    /// Hashes `content`.
    pub fn of(algorithm: Algorithm, content: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(content);
        hasher.finish()
    }

    /// Whether `content` hashes to this digest.
    pub fn matches(&self, content: &[u8]) -> bool {
        Self::of(self.algorithm, content) == *self
    }

    /// Whether it is the digest of no bytes at all.
    pub fn is_of_nothing(&self) -> bool {
        *self.hex
            == *match self.algorithm {
                Algorithm::Sha256 => SHA256_OF_NOTHING,
                Algorithm::Sha512 => SHA512_OF_NOTHING,
            }
    }

    /// The algorithm before the colon.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The hex digits after the colon.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// The algorithm and the first twelve digits: enough for a person to tell two apart.
    pub fn short(&self) -> String {
        format!("{}:{}", self.algorithm.as_str(), self.hex.get(..12).unwrap_or(&self.hex))
    }
}

/// The digest of content that comes in pieces.
#[derive(Clone, Debug)]
pub struct Hasher(Hashing);

#[derive(Clone, Debug)]
enum Hashing {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// Starts with nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => Hashing::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hashing::Sha512(Sha512::new()),
        })
    }

    /// Adds the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            Hashing::Sha256(hash) => hash.update(piece),
            Hashing::Sha512(hash) => hash.update(piece),
        }
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Digest {
        let (algorithm, hex) = match self.0 {
            Hashing::Sha256(hash) => (Algorithm::Sha256, hex(&hash.finalize())),
            Hashing::Sha512(hash) => (Algorithm::Sha512, hex(&hash.finalize())),
        };
        Digest { algorithm, hex: hex.into_boxed_str() }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (name, hex) = text.split_once(':').ok_or(DigestError::NoAlgorithm)?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(DigestError::UnknownAlgorithm),
        };
        if !hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DigestError::NotLowerHex);
        }
        if hex.len() != algorithm.hex_length() {
            return Err(DigestError::Length { algorithm, found: hex.len() });
        }
        Ok(Self { algorithm, hex: hex.into() })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.as_str(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_mistake_has_its_own_error() {
        let parse = |text: &str| text.parse::<Digest>().unwrap_err();
        assert_eq!(parse(""), DigestError::NoAlgorithm);
        assert_eq!(parse("44136fa3"), DigestError::NoAlgorithm);
        assert_eq!(parse("md5:d41d8cd98f00b204e9800998ecf8427e"), DigestError::UnknownAlgorithm);
        assert_eq!(parse("SHA256:44"), DigestError::UnknownAlgorithm);
        assert_eq!(parse("sha256:../../x"), DigestError::NotLowerHex);
        assert_eq!(parse(&format!("sha256:{}", "A".repeat(64))), DigestError::NotLowerHex);
        let short = DigestError::Length { algorithm: Algorithm::Sha256, found: 2 };
        assert_eq!(parse("sha256:ab"), short);
        assert_eq!(short.to_string(), "has 2 hex digits where sha256 has 64");
    }

    #[test]
    fn sha512_is_hashed_too() {
        let digest = Digest::of(Algorithm::Sha512, b"");
        assert!(digest.matches(b"") && !digest.matches(b"x") && digest.is_of_nothing());
        assert_eq!(digest.hex().len(), 128);
        assert_eq!(digest.short(), "sha512:cf83e1357eef");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_printing_round_trips(text in "\\PC{0,80}") {
            if let Ok(digest) = text.parse::<Digest>() {
                prop_assert_eq!(digest.to_string(), text);
            }
        }

        #[test]
        fn what_was_hashed_matches(content: Vec<u8>) {
            let digest = Digest::of(Algorithm::Sha256, &content);
            prop_assert!(digest.matches(&content));
            prop_assert_eq!(digest.is_of_nothing(), content.is_empty());
            prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        }
    }
}
