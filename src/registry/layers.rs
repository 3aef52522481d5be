//! Requests whole layers and streams their bytes to a reader.

use crate::http::{Answer, Client, Patience, Pour, Want};
use crate::observation::{Fact, Unavailable};
use crate::oci::Descriptor;
use crate::registry::Repository;
use crate::registry::answers;
use crate::report::Reason;

/// A layer that was sent to its end, or until the reader wanted no more.
#[derive(Debug)]
pub(crate) struct Poured {
    /// The host that sent it.
    pub(crate) host: String,
    /// How many bytes it has there.
    pub(crate) size: u64,
    /// Whether it looks like a text that something in between wrote.
    pub(crate) is_text: bool,
}

impl Repository {
    /// Requests a whole layer, as engines do, and streams it. `what` names it in messages.
    pub(crate) async fn pour(
        &self,
        client: &Client,
        descriptor: &Descriptor,
        what: &str,
        pour: &Pour,
    ) -> Fact<Poured> {
        let mut asked = self.get_layer(client, descriptor, what, pour).await;
        // The signature in a redirect's address may have expired meanwhile.
        let is_refused = |answer: &Answer| matches!(answer.status, 400..=499);
        if pour.poured() > 0 && asked.as_ref().is_ok_and(|(answer, _)| is_refused(answer)) {
            asked = self.get_layer(client, descriptor, what, pour).await;
        }
        match asked {
            Ok((answer, redirected)) => {
                let size = descriptor.size;
                self.told(answers::whole(&answer, what, size, redirected, client.redactor()))
            }
            // Other blobs of the image arrived, so the connection is at fault, and the layer is not lost.
            Err(why) if why.reason == Reason::BodyNeverCame => {
                Fact::Unknown(Unavailable { reason: Reason::ConnectionFailed, ..why })
            }
            Err(why) => Fact::Unknown(why),
        }
    }

    async fn get_layer(
        &self,
        client: &Client,
        descriptor: &Descriptor,
        what: &str,
        pour: &Pour,
    ) -> Result<(Answer, bool), Unavailable> {
        Box::pin(self.get_blob(client, &descriptor.digest, what, Want::Pour(pour), Patience::Full))
            .await
    }
}
