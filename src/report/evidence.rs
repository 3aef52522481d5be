//! What tells an image from an older one under the same tag.

/// Whether the image is known to be the one that was meant.
///
/// A moving tag can still name last week's image: everything else about it can be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A check that compares the image with the one that was meant has failed.
    Contradicted,
    /// It is the one that was meant. Never empty.
    Proven(Vec<ProvenBy>),
    /// Its tag holds the commit, and nothing in the image says so.
    TagName,
    /// Nothing tells it from an older one.
    None,
}

/// What an image has that only the one that was meant can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProvenBy {
    /// It has the expected digest.
    Digest,
    /// Its revision label is the expected commit.
    RevisionLabel,
    /// It has no such label, and `BuildKit`'s provenance names the expected commit.
    Provenance,
    /// The commit's immutable tag names the same digest.
    ImmutableTag,
    /// It was asked for by its digest alone.
    Reference,
}
