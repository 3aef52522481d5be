//! Blobs that are announced and never sent.
//!
//! A registry with a descriptor cache goes on announcing a blob whose bytes are gone: each time with a
//! success and the right size, and not a byte behind it. One cut body says nothing; when every try ends so
//! while the same host sends other blobs of the image, the blob cannot be pulled, and that is a no.

use std::collections::BTreeSet;

use crate::observation::{Denial, Fact};
use crate::registry::BlobAnswer;
use crate::report::Reason;

/// Believes what was announced each time and never came, where its host sent another of the `blobs`.
pub(super) fn believe(blobs: Vec<&mut BlobAnswer>) {
    let came = |blob: &&&mut BlobAnswer| blob.size.present().is_some_and(|(size, _)| *size > 0);
    let hosts = blobs.iter().filter(came).filter_map(|blob| blob.host.clone());
    let sending: BTreeSet<String> = hosts.collect();
    for blob in blobs {
        if let Fact::Unknown(why) = &blob.size
            && why.reason == Reason::BodyNeverCame
            && why.host.as_ref().is_some_and(|host| sending.contains(host))
        {
            // A denial is reported with what was asked for.
            let said = why.said().to_owned();
            blob.size = Fact::Absent(Denial { reason: Reason::BodyNeverCame, said });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{Proof, Unavailable};

    /// The blobs of an image, each with its host, before and after.
    fn believed(words: &[&str]) -> String {
        let read = |word: &&str| {
            let (word, host) = word.split_once('@').unwrap();
            let host = Some(host.to_owned());
            match word {
                "there" => BlobAnswer { size: Fact::Present((5, Proof::Read)), host },
                "empty" => BlobAnswer { size: Fact::Present((0, Proof::Read)), host },
                "cut" => {
                    let why = Unavailable::new(Reason::BodyNeverCame, "cut");
                    BlobAnswer::unknown(Unavailable { host, ..why })
                }
                _ => BlobAnswer::unknown(Unavailable::new(Reason::TimedOut, "late")),
            }
        };
        let mut blobs: Vec<_> = words.iter().map(read).collect();
        believe(blobs.iter_mut().collect());
        let told = |blob: &BlobAnswer| match &blob.size {
            Fact::Present((0, _)) => "empty",
            Fact::Present(_) => "there",
            Fact::Absent(_) => "GONE",
            Fact::Unknown(why) if why.reason == Reason::BodyNeverCame => "cut",
            Fact::Unknown(_) => "late",
        };
        blobs.iter().map(told).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_blob_that_is_announced_and_never_comes_is_gone_where_its_host_sends_another() {
        let rows = [
            believed(&["there@s", "there@s", "cut@s"]),
            believed(&["late@s", "there@s", "cut@s"]),
            believed(&["there@s", "cut@s", "cut@s"]),
            // Another host says nothing of this one.
            believed(&["there@r", "cut@s", "cut@s"]),
            believed(&["there@r", "there@t", "cut@s"]),
            // Nothing came, or nothing with a byte in it.
            believed(&["cut@s", "cut@s"]),
            believed(&["late@s", "empty@s", "cut@s"]),
        ];
        insta::assert_snapshot!(rows.join("\n"), @"
        there there GONE
        late there GONE
        there GONE GONE
        there cut cut
        there there cut
        cut cut
        late empty cut
        ");
    }
}
