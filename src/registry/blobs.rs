//! Requests configs and layers: a whole config, the size of a layer.

use std::cell::OnceCell;

use crate::http::{self, Answer, Client, Extent, Patience, Request, Want};
use crate::observation::{Fact, Unavailable};
use crate::oci::{Descriptor, Digest};
use crate::registry::answers::{self, Sent};
use crate::registry::content;
use crate::registry::{BlobAnswer, ConfigAnswer, Repository, plain};
use crate::report::Reason;

impl Repository {
    /// Requests a whole config. Reads at most `most` bytes.
    pub(crate) async fn config(
        &self,
        client: &Client,
        digest: &Digest,
        most: usize,
    ) -> ConfigAnswer {
        let what = format!("the config `{}`", digest.short());
        self.document(client, digest, &what, most, Patience::Full).await
    }

    /// Asks for a whole attestation. At most `most` bytes are read.
    pub(crate) async fn attestation(
        &self,
        client: &Client,
        digest: &Digest,
        most: usize,
        patience: Patience,
    ) -> Fact<Vec<u8>> {
        let what = format!("the attestation `{}`", digest.short());
        self.document(client, digest, &what, most, patience).await.bytes
    }

    async fn document(
        &self,
        client: &Client,
        digest: &Digest,
        what: &str,
        most: usize,
        patience: Patience,
    ) -> ConfigAnswer {
        let host = OnceCell::new();
        let ask = async || {
            let blob = self.get_blob(client, digest, what, Want::All(most), patience);
            match Box::pin(blob).await {
                Ok((answer, redirected)) => {
                    let _ = host.set(answer.host.clone());
                    answers::config(answer, what, digest, redirected, client.redactor())
                        .map(|fact| self.told(fact))
                }
                Err(why) => Sent::Told(Fact::Unknown(why)),
            }
        };
        let content = content::twice(ask).await;
        ConfigAnswer::of(content, host.into_inner())
    }

    /// Finds out the size of a blob: by its last byte, and if that does not show that it is there, by a plain
    /// request, as engines send it. If the server ignores the range, reads at most `most` bytes.
    pub(crate) async fn blob_size(
        &self,
        client: &Client,
        descriptor: &Descriptor,
        role: &str,
        most: u64,
    ) -> BlobAnswer {
        let Descriptor { digest, size, .. } = descriptor;
        let what = format!("{role} `{}`", digest.short());
        let want = |is_ranged| Want::Extent(Extent { size: *size, is_ranged, most });
        let ranged = self.get_blob(client, digest, &what, want(true), Patience::Full);
        let never_came = match Box::pin(ranged).await {
            Ok((answer, redirected)) => {
                let told = answers::ranged(&answer, &what, *size, redirected, client.redactor());
                if let Some(told) = told.filter(|_| !answers::is_another(&answer, descriptor)) {
                    return BlobAnswer { size: self.told(told), host: Some(answer.host) };
                }
                None
            }
            Err(why) if why.reason == Reason::BodyNeverCame => Some(why),
            Err(why) => return BlobAnswer::unknown(why),
        };
        // A body that never arrived was retried often enough.
        let patience = match &never_came {
            Some(_) => Patience::Once(http::REQUEST_TIMEOUT),
            None => Patience::Full,
        };
        match Box::pin(self.get_blob(client, digest, &what, want(false), patience)).await {
            Ok((answer, redirected)) => {
                let told = if answers::is_another(&answer, descriptor) {
                    answers::another(&answer, &what, descriptor)
                } else {
                    answers::plain(&answer, &what, *size, redirected, client.redactor())
                };
                BlobAnswer { size: self.told(told), host: Some(answer.host) }
            }
            Err(again) => {
                // It breaks off here, too: a blob that is lost, or that ends before its last byte.
                let is_lost = again.host.is_some();
                BlobAnswer::unknown(never_came.filter(|_| is_lost).unwrap_or(again))
            }
        }
    }

    pub(super) async fn get_blob(
        &self,
        client: &Client,
        digest: &Digest,
        what: &str,
        want: Want<'_>,
        patience: Patience,
    ) -> Result<(Answer, bool), Unavailable> {
        let url = self.url(client, "blobs", &digest.to_string()).await?;
        let request = Request { patience, ..plain(url, what, None, want) };
        let answer = self.get(client, &request).await?;
        let redirected = http::is_redirect(answer.status);
        self.registry.access.refuse_leak(&answer, what)?;
        let answer = Box::pin(client.follow(&request, answer)).await?;
        let answer = if redirected && self.registry.may_delegate() {
            Box::pin(self.delegates.admitted(client, what, None, want, answer)).await?
        } else {
            answer
        };
        Ok((answer, redirected))
    }
}
