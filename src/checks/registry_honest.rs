//! The registry denies, in its own words, a tag that cannot exist.
//!
//! It never fails: a registry that affirms everything proves nothing about this image, for or against.

use crate::observation::{Control, Unavailable};
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::wording;

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    match &subject.observation.control {
        Control::Denied => Outcome::passed("the registry denied a tag that cannot exist"),
        Control::Affirmed(said) => Outcome::Errored(disbelief(said)),
        Control::Refused { why, is_told_apart: true } => Outcome::Passed {
            message: "the registry did not serve a tag that cannot exist".to_owned(),
            note: Some(told_apart(why)),
        },
        Control::Unknown(why) | Control::Refused { why, is_told_apart: false } => {
            let mut finding = why.finding();
            finding.message = format!(
                "whether the registry denies a tag that cannot exist could not be tried: {}",
                finding.message
            );
            Outcome::Errored(finding)
        }
    }
}

/// What a yes without a denial rests on.
fn told_apart(why: &Unavailable) -> String {
    format!(
        "the registry did not deny a tag that cannot exist in its own words ({}); the same login was served \
         a manifest of the repository, so it tells the two apart",
        wording::said(why.said())
    )
}

/// What every check says of a registry that affirmed the impossible.
pub(super) fn disbelief(said: &str) -> Finding {
    let reason = Reason::RegistryNotHonest;
    let said = wording::said(said);
    let message = format!(
        "nothing that the registry says is believed: it affirmed a tag that cannot exist ({said})"
    );
    Finding::new(reason, message).hint(reason.advice())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::Sample;
    use crate::observation::{Control, Unavailable};
    use crate::report::{CheckId, Reason};

    fn with(control: Control) -> String {
        let mut sample = Sample::single();
        sample.observation.control = control;
        sample.said(CheckId::RegistryHonest)
    }

    #[test]
    fn passes_when_the_impossible_is_denied() {
        said!(with(Control::Denied), @"passed: the registry denied a tag that cannot exist");
    }

    #[test]
    fn passes_with_a_note_where_the_same_login_was_served_a_manifest() {
        let control = |is_told_apart: bool| {
            let message = "the random tag: `r.example` refused the credentials: 403 `UNAUTHORIZED`";
            let why = Unavailable::new(Reason::CredentialsRefused, message);
            with(Control::Refused { why, is_told_apart })
        };
        said!(control(true), @"
        passed: the registry did not serve a tag that cannot exist
        note: the registry did not deny a tag that cannot exist in its own words (`r.example` refused the credentials: 403 `UNAUTHORIZED`); the same login was served a manifest of the repository, so it tells the two apart
        ");
        said!(control(false), @"
        errored credentials-refused: whether the registry denies a tag that cannot exist could not be tried: the random tag: `r.example` refused the credentials: 403 `UNAUTHORIZED`
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
        ");
    }

    #[test]
    fn is_errored_when_the_control_tag_exists() {
        said!(with(Control::Affirmed("200 with\u{1b} a manifest".into())), @"
        errored registry-not-honest: nothing that the registry says is believed: it affirmed a tag that cannot exist (200 with a manifest)
        hint: A proxy or a mirror answers in the registry's place: check what is between this job and the registry.
        ");
    }

    #[test]
    fn is_errored_with_the_reason_why_it_could_not_be_requested() {
        let why = Unavailable::new(Reason::ServerError, "the registry answered 503 four times");
        said!(with(Control::Unknown(why)), @"
        errored server-error: whether the registry denies a tag that cannot exist could not be tried: the registry answered 503 four times
        hint: Try again later; look at the provider's status page.
        ");
    }
}
