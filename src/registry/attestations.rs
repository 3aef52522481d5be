//! Asks for what builders attest of an image: manifests beside it, in its index or referring to it.

use crate::http::{Client, MOST_SMALL, Patience, Want};
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
    ///
    /// # Errors
    /// What could not be found out. That nothing refers to it is an empty list.
    pub(crate) async fn referring(
        &self,
        client: &Client,
        digest: &Digest,
    ) -> Result<Vec<(Digest, u64)>, Unavailable> {
        let what = format!("the referrers of `{}`", digest.short());
        let url = self.url(client, "referrers", &digest.to_string()).await?;
        let request = plain(url, &what, Some(MediaType::ACCEPT), Want::All(MOST_SMALL));
        let answer = self.get(client, &request).await?;
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
        let index = match index {
            Fact::Present(index) => index,
            Fact::Absent(_) => return Ok(Vec::new()),
            Fact::Unknown(why) if why.reason == Reason::NotFoundBare => return Ok(Vec::new()),
            Fact::Unknown(why) => return Err(why),
        };
        let found = referring(&index).map_err(|_| {
            let message = format!("{what}: what the registry sent is no index");
            Unavailable::new(Reason::UnexpectedAnswer, message)
        })?;
        if found.is_empty() && has_more {
            let message =
                format!("{what}: none of the first page is an attestation, and there are more");
            return Err(Unavailable::new(Reason::AnswerTooLarge, message));
        }
        Ok(found)
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
        match Box::pin(self.get_manifest(client, reference, what, most, patience)).await {
            Ok(answer) if answer.status == 200 && !answer.is_html() => Fact::Present(answer.body),
            Ok(answer) => {
                self.told(answers::not_ok(&answer, what, Kind::Manifest, client.redactor()))
            }
            Err(why) => Fact::Unknown(why),
        }
    }
}
