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
