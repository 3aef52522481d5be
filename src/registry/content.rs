//! Requests content by its digest, and once more if the bytes contradict it.
//!
//! One wrong answer proves nothing: a proxy may have cut or altered it. The same wrong bytes twice, if they are of
//! the requested kind, are what the registry holds, and no engine accepts them.

use super::answers::{Extents, Sent, Wrong};
use crate::observation::{Denial, Fact, Proof, Unavailable};
use crate::report::Reason;

/// What came for a digest, once it was settled.
#[derive(Debug)]
pub(super) enum Content<T> {
    /// The first answer decided, or the second one did.
    Told(Fact<T>),
    /// Wrong bytes at first, and then the right ones, with a note that says so.
    RightThen(T, String),
    /// The same wrong bytes twice: the denial, and their number.
    Differs(Denial, u64),
    /// Twice not a single byte.
    Empty(Unavailable),
}

/// The answer to a request for a blob's size.
#[derive(Clone, Debug)]
pub(crate) struct BlobAnswer {
    /// Its size, and how that was learnt.
    pub(crate) size: Extents,
    /// The host that answered.
    pub(crate) host: Option<String>,
}

/// The answer to a request for a config.
#[derive(Clone, Debug)]
pub(crate) struct ConfigAnswer {
    /// Its bytes, which hash to its digest.
    pub(crate) bytes: Fact<Vec<u8>>,
    /// Its size.
    pub(crate) blob: BlobAnswer,
    /// What the user should know about how it arrived.
    pub(crate) note: Option<String>,
}

impl BlobAnswer {
    /// One that could not be read.
    pub(crate) fn unknown(why: Unavailable) -> Self {
        Self { size: Fact::Unknown(why), host: None }
    }
}

/// Requests content, and once more if its bytes contradict its digest.
pub(super) async fn twice<T>(ask: impl AsyncFn() -> Sent<T>) -> Content<T> {
    let first = match ask().await {
        Sent::Told(fact) => return Content::Told(fact),
        Sent::Wrong(wrong) => wrong,
    };
    match ask().await {
        Sent::Told(Fact::Present(value)) => {
            let note = format!("{}; the second request brought the right ones", first.why.message);
            Content::RightThen(value, note)
        }
        Sent::Told(fact) => Content::Told(fact),
        Sent::Wrong(second) => settled(&first, second),
    }
}

fn settled<T>(first: &Wrong, second: Wrong) -> Content<T> {
    let Wrong { digest: _, body, is_of_kind, why } = second;
    if first.body.is_empty() && body.is_empty() {
        return Content::Empty(why);
    }
    if first.body != body || !is_of_kind {
        return Content::Told(Fact::Unknown(why));
    }
    let said = format!("{}, each time it was requested", why.message);
    Content::Differs(Denial { reason: Reason::ContentDiffers, said }, body.len() as u64)
}

impl ConfigAnswer {
    /// One that could not be read.
    pub(crate) fn unknown(why: Unavailable) -> Self {
        let blob = BlobAnswer::unknown(why.clone());
        Self { bytes: Fact::Unknown(why), blob, note: None }
    }

    pub(super) fn of(content: Content<Vec<u8>>, host: Option<String>) -> Self {
        let (bytes, size, note) = match content {
            Content::Told(bytes) => {
                let size = bytes.as_ref().map(|bytes| bytes.len() as u64);
                (bytes, size, None)
            }
            Content::RightThen(bytes, note) => {
                let size = Fact::Present(bytes.len() as u64);
                (Fact::Present(bytes), size, Some(note))
            }
            Content::Differs(denial, size) => (Fact::Absent(denial), Fact::Present(size), None),
            Content::Empty(why) => (Fact::Unknown(why), Fact::Present(0), None),
        };
        let blob = BlobAnswer { size: size.map(|size| (size, Proof::Read)), host };
        Self { bytes, blob, note }
    }
}
