//! Sends requests: waits for a host's limit, and retries where that may help.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Url;

use super::connections::Purpose;
use super::failure::{FailedTry, deadline_passed, never_came};
use super::limit::{Admitted, Refused, Spread};
use super::origin::{Origin, Turn};
use super::retry::{self, Decision, Failure};
use super::{Answer, Client, PROBE_TIMEOUT, Patience, Peer, Request, host_of, tls, words};
use crate::observation::Unavailable;
use crate::progress::Loudness;
use crate::report::Reason;

impl Client {
    /// Sends a request, retries where that may help, and returns an answer that no retry would change.
    #[expect(clippy::too_many_lines, reason = "one loop, whose every end is a line")]
    pub(crate) async fn get(&self, request: &Request<'_>) -> Result<Answer, Unavailable> {
        let host = host_of(&request.url);
        let origin = self.origin_of(request, &host)?;
        let is_patient = request.patience == Patience::Full;
        let most = if is_patient { retry::TRIES } else { 1 };
        let generation = origin.limit.generation();
        let (mut tries, mut sent, mut refusals, mut empty_promises) = (0, 0, 0, 0);
        loop {
            // A request that gets one try waits for no limit.
            let admitted = if is_patient {
                let admitted = self.0.deadline.before(origin.limit.admitted(generation)).await;
                let admitted = admitted.ok_or_else(|| deadline_passed(request.what, &host))?;
                Some(admitted.map_err(|refusal| refusal.why(request.what, &host))?)
            } else {
                None
            };
            let turn = self.turn(request, &host, &origin).await?;
            if admitted.as_ref().is_some_and(Admitted::is_outdated) {
                continue;
            }
            sent += 1;
            match sent {
                1 => origin.limit.sent(),
                _ => _ = self.0.retries.fetch_add(1, Ordering::Relaxed),
            }
            let (failed, asked) = match self.attempt(request, &host, &origin, turn).await? {
                Ok(answer) if retry::is_transient(Failure::Status(answer.status)) => {
                    (self.failed_by_status(request.peer, &answer), self.wait_asked_for(&answer))
                }
                Ok(answer) => {
                    self.apply_quota(&origin, &host, &answer);
                    if let Some(admitted) = admitted {
                        admitted.served();
                    }
                    return Ok(answer);
                }
                Err(failed) => (failed, None),
            };
            if let Some(admitted) = admitted {
                if failed.failure == Failure::Status(429) {
                    refusals += 1;
                    let refused =
                        admitted.refused(&failed, refusals, asked, self.jitter(), self.time_left());
                    self.wait_for_all(refused, request, &host, &origin, &failed, asked)?;
                    continue;
                }
                admitted.served();
            }
            tries += 1;
            empty_promises += u32::from(failed.failure == Failure::NeverCame);
            let left = self.time_left();
            match retry::decide(failed.failure, tries, most, asked, self.jitter(), left) {
                Decision::Again(wait) => {
                    self.say_retry(&failed, request.what, &host, wait, tries);
                    tokio::time::sleep(wait).await;
                }
                Decision::GiveUp if empty_promises == most => {
                    return Err(never_came(request.what, &host, tries));
                }
                Decision::GiveUp => {
                    return Err(failed.unavailable(request.what, &host, tries, asked));
                }
                Decision::TooLate(wait) => {
                    return Err(failed.too_late(request.what, &host, tries, asked, wait));
                }
            }
        }
    }

    /// Handles a 429: the request waits, or gives up.
    ///
    /// # Errors
    /// When it gives up.
    fn wait_for_all(
        &self,
        refused: Refused,
        request: &Request<'_>,
        host: &str,
        origin: &Origin,
        failed: &FailedTry,
        asked: Option<Duration>,
    ) -> Result<(), Unavailable> {
        match refused {
            Refused::Waits(wait, times) => {
                self.say_retry(failed, request.what, host, wait, times);
                if asked.is_some() {
                    self.0.deadline.put_off(origin.limit.announced(wait));
                }
                Ok(())
            }
            Refused::WaitsToo => Ok(()),
            Refused::GivesUp(refusal) => Err(refusal.why(request.what, host)),
        }
    }

    /// Sends a request over TLS once, to find out whether the host speaks TLS. `None` when it does not, or does not
    /// answer. A rejected certificate is an error, because such a host does speak TLS.
    pub(crate) async fn probe_tls(
        &self,
        request: &Request<'_>,
    ) -> Result<Option<Answer>, Unavailable> {
        let host = host_of(&request.url);
        let patience = Patience::Once(PROBE_TIMEOUT);
        let probe = Request { patience, ..request.clone() };
        let attempted = async {
            let origin = self.origin_of(&probe, &host)?;
            let turn = self.turn(&probe, &host, &origin).await?;
            self.attempt(&probe, &host, &origin, turn).await
        };
        let failed = match attempted.await {
            Ok(Ok(answer)) if retry::is_transient(Failure::Status(answer.status)) => {
                // It speaks TLS, and a retry may help.
                return self.get(request).await.map(Some);
            }
            Ok(Ok(answer)) => return Ok(Some(answer)),
            Ok(Err(failed)) => failed,
            // Without CA certificates no TLS connection is possible.
            Err(why) if why.reason == Reason::TlsFailed => return Ok(None),
            Err(why) => return Err(why),
        };
        match failed.failure {
            Failure::NoConnection
            | Failure::TimedOut
            | Failure::Cut
            | Failure::BrokenOff
            | Failure::NeverCame
            | Failure::NotTls => Ok(None),
            Failure::Status(_) | Failure::Tls | Failure::Garbage | Failure::TooLarge => {
                Err(failed.unavailable(request.what, &host, 1, None))
            }
        }
    }

    /// Opens a connection to the host of `url` before it is needed, over `https` only. Sends nothing over it, and
    /// ignores failures.
    pub(crate) fn open_ahead(&self, url: &Url) {
        let Ok(origin) = self.origin(url) else { return };
        let Some(connections) = origin.to_be_opened() else { return };
        let config = self.0.tls.get_or_init(tls::config).clone();
        let opener = config.and_then(|tls| self.client(url, tls, connections, Purpose::Ahead));
        if let Ok(opener) = opener {
            origin.open_ahead(opener, url);
        }
    }

    /// Expects the target of a redirect to speak HTTP/1.1 if its source does.
    pub(super) fn expect_alike(&self, from: &Url, to: &Url) {
        if let (Ok(from), Ok(to)) = (self.origin(from), self.origin(to))
            && from.speaks_http1()
        {
            to.expect_many();
        }
    }

    /// Announces that the run will send at least this many more requests to the host of `url`.
    pub(crate) fn expect(&self, url: &Url, requests: u64) {
        if let Ok(origin) = self.origin(url) {
            origin.limit.expect(requests);
        }
    }

    fn origin_of(&self, request: &Request<'_>, host: &str) -> Result<Arc<Origin>, Unavailable> {
        if self.time_left().is_zero() {
            return Err(never_sent(request.what, host));
        }
        self.origin(&request.url).map_err(|error| {
            let message = format!("{}: `{host}`: {error}", request.what);
            let hint = "Install the package `ca-certificates`, or point SSL_CERT_FILE to a file of CA certificates.";
            Unavailable::new(Reason::TlsFailed, message).hint(hint)
        })
    }

    async fn turn<'o>(
        &self,
        request: &Request<'_>,
        host: &str,
        origin: &'o Origin,
    ) -> Result<Turn<'o>, Unavailable> {
        if self.time_left().is_zero() {
            return Err(never_sent(request.what, host));
        }
        // Time in the queue does not count against the host.
        let turn = self.0.deadline.before(origin.turn()).await;
        turn.ok_or_else(|| deadline_passed(request.what, host))
    }

    /// Applies a host's `RateLimit` headers: how many requests it will still answer.
    fn apply_quota(&self, origin: &Origin, host: &str, answer: &Answer) {
        let remaining = answer.header("ratelimit-remaining").and_then(retry::ratelimit_remaining);
        let now = self.0.ambient.now();
        let reset =
            answer.header("ratelimit-reset").and_then(|text| retry::ratelimit_reset(text, now));
        let Some((remaining, reset)) = remaining.zip(reset) else { return };
        let Some(Spread { remaining, over, needed }) = origin.limit.remaining(remaining, reset)
        else {
            return;
        };
        self.0.deadline.put_off(origin.limit.announced(over));
        let line = format!(
            "`{host}` allows {remaining} more requests in the next {} s and the run needs at least {needed}, so they are \
             spread over that time",
            over.as_secs_f64().ceil()
        );
        self.0.progress.say(Loudness::Normal, &line);
    }

    fn failed_by_status(&self, peer: Peer<'_>, answer: &Answer) -> FailedTry {
        let said = words::of_trouble(peer, answer, &self.0.redactor);
        FailedTry::new(Failure::Status(answer.status), said)
    }

    /// How long the server asks the client to wait.
    fn wait_asked_for(&self, answer: &Answer) -> Option<Duration> {
        let now = self.0.ambient.now();
        let asked = answer.header("retry-after").and_then(|text| retry::retry_after(text, now));
        let reset =
            || answer.header("ratelimit-reset").and_then(|text| retry::ratelimit_reset(text, now));
        // DigitalOcean's hourly limit sends no `Retry-After`, only the second at which it resets.
        if answer.status == 429 { asked.or_else(reset) } else { asked }
    }
}

/// The error for a request that was never sent, because the deadline had passed.
fn never_sent(what: &str, host: &str) -> Unavailable {
    let said = "was not asked: the run's deadline had passed";
    Unavailable::new(Reason::DeadlinePassed, format!("{what}: `{host}` {said}"))
}
