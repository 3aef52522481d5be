//! Follows redirects, without credentials.

use crate::http::message::{Answer, Peer, Request};
use crate::http::redirect::{self, is_redirect};
use crate::http::{Client, MOST_REDIRECTS};
use crate::observation::Unavailable;
use crate::report::Reason;

impl Client {
    /// Follows the redirects of `answer` without credentials and without a referer. Returns `answer`
    /// itself if it is not a redirect.
    pub(crate) async fn follow(
        &self,
        request: &Request<'_>,
        answer: Answer,
    ) -> Result<Answer, Unavailable> {
        let mut answer = answer;
        for _ in 0..MOST_REDIRECTS {
            if !is_redirect(answer.status) {
                return Ok(answer);
            }
            let (url, secrets) =
                redirect::target(&answer.url, &answer.headers).map_err(|error| {
                    let said = format!(
                        "{}: `{}` answered with a redirect ({}) {error}",
                        request.what, answer.host, answer.status
                    );
                    Unavailable::new(Reason::RedirectRefused, said)
                })?;
            self.expect_alike(&answer.url, &url);
            let peer = Peer::Redirected(&secrets);
            // Only `Accept` is sent along: the redirect of a manifest needs it.
            let request = Request { url, authorization: None, form: None, peer, ..request.clone() };
            answer = self.get(&request).await?;
        }
        if is_redirect(answer.status) {
            return Err(in_a_circle(request.what, &answer.host));
        }
        Ok(answer)
    }
}

fn in_a_circle(what: &str, host: &str) -> Unavailable {
    let message = format!(
        "{what}: more than {MOST_REDIRECTS} redirects in a row, the last one from `{host}`"
    );
    let hint = "Try again; if it persists, the registry's storage is not set up right, or a proxy stands in \
                between. No credentials were sent along.";
    Unavailable::new(Reason::RedirectRefused, message).hint(hint)
}
