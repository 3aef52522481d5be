//! The registry serves the repository.

use crate::observation::{Denial, Fact};
use crate::report::{Finding, Outcome, Reason};

use super::Subject;
use super::next_steps::push_steps;
use super::wording::{self, listed, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    match &subject.observation.repository {
        Fact::Present(()) => {
            let name = quoted(&subject.request.reference.name());
            Outcome::passed(format!("the registry serves {name}"))
        }
        Fact::Absent(denial) => Outcome::Failed(denied(subject, denial)),
        Fact::Unknown(why) => Outcome::Errored(why.finding()),
    }
}

/// What to say of a repository, or of its whole registry, that is not there.
pub(super) fn denied(subject: &Subject<'_>, denial: &Denial) -> Finding {
    let Denial { reason, said } = denial;
    let (name, said) = (quoted(&subject.request.reference.name()), wording::said(said));
    let explanation = subject.observation.explanation.as_ref();
    if *reason == Reason::RegistryUnknown {
        let message = format!(
            "the registry of {name} is missing, or not visible with these credentials ({said})"
        );
        let registries = explanation.and_then(|explanation| explanation.registries.as_ref());
        let hint = match registries.map(Vec::as_slice) {
            None => reason.advice().to_owned(),
            Some([]) => "This token has no registry at all: use a token of the team that owns it."
                .to_owned(),
            Some(names) => format!(
                "This token has {}: compare the name, or use a token of the team that owns it.",
                listed(names.iter().map(quoted))
            ),
        };
        return Finding::new(*reason, message).hint(hint);
    }
    let message = format!("{name} is missing, or not visible with these credentials ({said})");
    let hint = format!(
        "Compare the name with the push job's: the first push creates a repository.\n{}",
        push_steps(subject.circleci)
    );
    Finding::new(*reason, message).hint(hint)
}
