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
        push_steps(subject)
    );
    Finding::new(*reason, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::{Sample, absent, unknown};
    use crate::observation::Fact;
    use crate::report::{CheckId, Reason};

    fn with(repository: Fact<()>, registries: Option<&[&str]>) -> String {
        let mut sample = Sample::without_tag();
        sample.observation.repository = repository;
        sample.explanation().registries =
            registries.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        sample.said(CheckId::RepositoryExists)
    }

    #[test]
    fn passes_when_it_is_served() {
        said!(with(Fact::Present(()), None), @"passed: the registry serves `registry.digitalocean.com/keepkey/support-email`");
    }

    #[test]
    fn fails_when_the_repository_is_missing() {
        said!(with(absent(Reason::RepositoryMissing, "404 `NAME_UNKNOWN`"), None), @"
        failed repository-missing: `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (404 `NAME_UNKNOWN`)
        hint: Compare the name with the push job's: the first push creates a repository.
        hint: 1. Is the push job in this workflow, and does this job require it? https://circleci.com/gh/keepkey/support-email/7
        hint: 2. Did the push job fail, or push under another name?
        hint: 3. Start a pipeline on `develop`.
        ");
    }

    #[test]
    fn fails_when_the_registry_is_not_the_tokens_and_lists_those_that_are() {
        let denied = || absent(Reason::RegistryUnknown, "403 `DENIED`");
        said!(with(denied(), Some(&["keepkeys", "acme"])), @"
        failed registry-unknown: the registry of `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (403 `DENIED`)
        hint: This token has `keepkeys`, `acme`: compare the name, or use a token of the team that owns it.
        ");
        said!(with(denied(), Some(&[])), @"
        failed registry-unknown: the registry of `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (403 `DENIED`)
        hint: This token has no registry at all: use a token of the team that owns it.
        ");
        said!(with(denied(), None), @"
        failed registry-unknown: the registry of `registry.digitalocean.com/keepkey/support-email` is missing, or not visible with these credentials (403 `DENIED`)
        hint: Compare the registry's name with the ones that this token has, or use a token of the team that owns it.
        ");
    }

    #[test]
    fn is_errored_when_it_is_unknown() {
        said!(with(unknown(Reason::CredentialsRefused), None), @"
        errored credentials-refused: an answer that is credentials-refused
        hint: For DigitalOcean, set `DIGITALOCEAN_ACCESS_TOKEN` to a valid token with the scope `registry:read`; for another registry, run `docker login`.
        ");
    }
}
