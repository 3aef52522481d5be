//! Asks for what builders attest of an image: manifests beside it, in its index or referring to it.

use crate::http::{Answer, Client, MOST_SMALL, Patience, Request, Want};
use crate::observation::{Fact, Unavailable};
use crate::oci::{Digest, MediaType, referring};
use crate::registry::answers::{self, Kind};
use crate::registry::{Repository, plain};
use crate::report::Reason;

impl Repository {
    /// Asks for the bytes of an attestation manifest, which must hash to its digest. At most `most` bytes are read.
    pub(crate) async fn attestation_manifest(
        &self,
        client: &Client,
        digest: &Digest,
        most: usize,
        patience: Patience,
    ) -> Fact<Vec<u8>> {
        let what = format!("the attestation manifest `{}`", digest.short());
        let bytes = self.bytes(client, &digest.to_string(), &what, most, patience).await;
        bytes.and_then(|bytes| {
            if digest.matches(&bytes) {
                return Fact::Present(bytes);
            }
            let message = format!("{what}: the registry sent bytes that do not hash to its digest");
            Fact::Unknown(Unavailable::new(Reason::ManifestContradictory, message))
        })
    }

    /// Asks which attestation manifests refer to a manifest, each with its size: by the referrers API, and where the
    /// registry does not have it, by the tag that stands for it (distribution-spec, "Referrers Tag Schema").
    pub(crate) async fn referring(
        &self,
        client: &Client,
        digest: &Digest,
    ) -> Fact<Vec<(Digest, u64)>> {
        let what = format!("the referrers of `{}`", digest.short());
        let url = match self.url(client, "referrers", &digest.to_string()).await {
            Ok(url) => url,
            Err(why) => return Fact::Unknown(why),
        };
        let request = plain(url, &what, Some(MediaType::ACCEPT), Want::All(MOST_SMALL));
        let answer = match self.get(client, &request).await {
            Ok(answer) => answer,
            Err(why) => return Fact::Unknown(why),
        };
        let has_more = answer.header("link").is_some_and(|link| link.contains("next"));
        let index = match answer.status {
            200 if !answer.is_html() => Fact::Present(answer.body),
            // Neither the API nor the tag is one that a registry must have.
            400 | 404..=406 | 415 | 501 => {
                let tag = digest.to_string().replace(':', "-");
                self.bytes(client, &tag, &what, MOST_SMALL, Patience::Full).await
            }
            _ => answers::not_ok(&answer, &what, Kind::Manifest, client.redactor()),
        };
        match index {
            Fact::Present(index) => referring(&index).map_or_else(
                |_| {
                    let message = format!("{what}: what the registry sent is no index");
                    Fact::Unknown(Unavailable::new(Reason::UnexpectedAnswer, message))
                },
                |found| {
                    if found.is_empty() && has_more {
                        let message = format!(
                            "{what}: none of the first page is an attestation, and there are more"
                        );
                        return Fact::Unknown(Unavailable::new(Reason::AnswerTooLarge, message));
                    }
                    Fact::Present(found)
                },
            ),
            Fact::Absent(_) => Fact::Present(Vec::new()),
            Fact::Unknown(why) if why.reason == Reason::NotFoundBare => Fact::Present(Vec::new()),
            Fact::Unknown(why) => Fact::Unknown(why),
        }
    }

    /// The bytes under a manifest's name.
    async fn bytes(
        &self,
        client: &Client,
        reference: &str,
        what: &str,
        most: usize,
        patience: Patience,
    ) -> Fact<Vec<u8>> {
        match Box::pin(self.get_patiently(client, reference, what, most, patience)).await {
            Ok(answer) if answer.status == 200 && !answer.is_html() => Fact::Present(answer.body),
            Ok(answer) => {
                self.told(answers::not_ok(&answer, what, Kind::Manifest, client.redactor()))
            }
            Err(why) => Fact::Unknown(why),
        }
    }

    async fn get_patiently(
        &self,
        client: &Client,
        reference: &str,
        what: &str,
        most: usize,
        patience: Patience,
    ) -> Result<Answer, Unavailable> {
        let url = self.url(client, "manifests", reference).await?;
        let request =
            Request { patience, ..plain(url, what, Some(MediaType::ACCEPT), Want::All(most)) };
        let answer = self.get(client, &request).await?;
        Box::pin(self.delegated(client, &request, answer)).await
    }
}
