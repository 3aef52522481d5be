//! The image shows the declared language and base, on every wanted platform.
//!
//! `nodejs` and `alpine` are looked for. Other values are handed on in the record, unchecked.

use crate::oci::ImageConfig;
use crate::report::{Finding, Outcome, Reason, Skip};

use super::Subject;
use super::wording::{clauses, listed, quoted};

mod evidence;

use evidence::Evidence;

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let runtime = &subject.request.expectation.runtime;
    let declared = [
        (runtime.language.as_deref(), "nodejs", evidence::of_nodejs as Look),
        (runtime.base.as_deref(), "alpine", evidence::of_alpine as Look),
    ];
    let (mut sought, mut handed_on) = (Vec::new(), Vec::new());
    for (value, known, look) in declared {
        match value {
            Some(value) if value == known => sought.push(Sought { value: known, look }),
            Some(value) => handed_on.push(quoted(value)),
            None => {}
        }
    }
    let handed_on =
        (!handed_on.is_empty()).then(|| format!("handed on, unchecked: {}", listed(handed_on)));
    if sought.is_empty() {
        return match handed_on {
            Some(message) => Outcome::Skipped { message, skip: Skip::Noteworthy },
            None => Outcome::not_asked("no runtime was declared"),
        };
    }
    subject.with_configs(|configs| judge(&sought, handed_on, configs))
}

type Look = fn(&ImageConfig) -> Evidence;

/// A declared value that is looked for.
struct Sought {
    value: &'static str,
    look: Look,
}

fn judge(
    sought: &[Sought],
    handed_on: Option<String>,
    configs: &[(String, &ImageConfig)],
) -> Outcome {
    let (mut found, mut against, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    for Sought { value, look } in sought {
        let mut is_shown_by_all = true;
        for (name, config) in configs {
            match look(config) {
                Evidence::For(what) => {
                    let clause = format!("{} ({what})", quoted(value));
                    if !found.contains(&clause) {
                        found.push(clause);
                    }
                }
                Evidence::Against(what) => against.push((*value, name, what)),
                Evidence::Nothing => is_shown_by_all = false,
            }
        }
        if !is_shown_by_all {
            silent.push(quoted(value));
        }
    }
    if !against.is_empty() {
        return Outcome::Failed(differs(&against));
    }
    if !silent.is_empty() {
        let mut message = format!("nothing in the image speaks for or against {}", listed(silent));
        if !found.is_empty() {
            message = format!("{message}; it shows {}", listed(found));
        }
        return Outcome::Skipped { message, skip: Skip::Noteworthy };
    }
    Outcome::Passed { message: format!("it shows {}", listed(found)), note: handed_on }
}

fn differs(against: &[(&str, &String, String)]) -> Finding {
    let message = clauses(against.iter().map(|(value, name, what)| {
        format!("{name} shows nothing of {} and is of another kind: {what}", quoted(value))
    }));
    let mut values: Vec<_> = against.iter().map(|(value, ..)| (*value).to_owned()).collect();
    values.dedup();
    let mut seen: Vec<_> = against.iter().map(|(_, _, what)| what.replace('`', "")).collect();
    seen.dedup();
    let reason = Reason::RuntimeDiffers;
    Finding::new(reason, message).compared(listed(values), listed(seen)).hint(reason.advice())
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::Sample;
    use crate::report::CheckId;

    fn with(
        language: &str,
        base: &str,
        change: impl FnOnce(&mut crate::oci::ImageConfig),
    ) -> String {
        let mut sample = Sample::single();
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        sample.expectation().runtime.language = given(language);
        sample.expectation().runtime.base = given(base);
        change(sample.config(0));
        sample.said(CheckId::Runtime)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn passes_with_what_shows_it() {
        said!(with("nodejs", "alpine", |_| {}), @"passed: it shows `nodejs` (`NODE_VERSION` is set), `alpine` (its history has `alpine`)");
    }

    #[test]
    fn a_node_image_that_also_has_python_is_a_node_image() {
        let both = with("nodejs", "", |config| config.env.push("PYTHON_VERSION=3.12".into()));
        said!(both, @"passed: it shows `nodejs` (`NODE_VERSION` is set)");
    }

    #[test]
    fn the_program_that_is_started_shows_the_language() {
        let starts = |entrypoint: &[&str], cmd: &[&str]| {
            with("nodejs", "", |config| {
                config.env.clear();
                config.entrypoint = texts(entrypoint);
                config.cmd = texts(cmd);
            })
        };
        let node: [(&[&str], &[&str]); 7] = [
            (&["/usr/local/bin/node"], &["server.js"]),
            (&["docker-entrypoint.sh"], &["node", "server.js"]),
            (&["docker-entrypoint.sh", "node"], &[]),
            (&["/sbin/tini", "--", "npm"], &["start"]),
            (&[], &["/bin/sh", "-c", "NODE_ENV=production exec node server.js"]),
            (&[], &["yarn", "start"]),
            (&["/nodejs/bin/node"], &[]),
        ];
        for (entrypoint, cmd) in node {
            let said = starts(entrypoint, cmd);
            assert!(said.starts_with("passed"), "{entrypoint:?} {cmd:?}: {said}");
        }
        said!(starts(&[], &["python3", "node.py"]), @"
        failed runtime-differs: the image shows nothing of `nodejs` and is of another kind: it starts `python3`
        expected nodejs
        observed it starts python3
        hint: Check which image was pushed under this name, or correct `runtime`.
        ");
        said!(starts(&["/app/start"], &["node"]), @"skipped, to be told: nothing in the image speaks for or against `nodejs`");
        said!(starts(&[], &[]), @"skipped, to be told: nothing in the image speaks for or against `nodejs`");
    }

    #[test]
    fn history_and_label_show_the_base() {
        let based = |label: &str, history: &[&str]| {
            with("", "alpine", |config| {
                config.history = texts(history);
                if !label.is_empty() {
                    config.labels.insert("org.opencontainers.image.base.name".into(), label.into());
                }
            })
        };
        said!(based("docker.io/library/node:20-alpine3.19", &[]), @"passed: it shows `alpine` (its base is named with `alpine`)");
        said!(based("", &["RUN /bin/sh -c apk add curl", "RUN apt-get --version"]), @"passed: it shows `alpine` (its history has `apk`)");
        said!(based("", &["/bin/sh -c #(nop) ADD file:7e in / ", "RUN /bin/sh -c apt-get update"]), @"
        failed runtime-differs: the image shows nothing of `alpine` and is of another kind: its history has `apt-get`
        expected alpine
        observed its history has apt-get
        hint: Check which image was pushed under this name, or correct `runtime`.
        ");
        said!(based("docker.io/library/node:20-bookworm-slim", &[]), @"
        failed runtime-differs: the image shows nothing of `alpine` and is of another kind: its base is named with `bookworm`
        expected alpine
        observed its base is named with bookworm
        hint: Check which image was pushed under this name, or correct `runtime`.
        ");
        said!(based("docker.io/library/node:20", &["/bin/sh -c #(nop) ENV X=debian", "COPY --from=alpine:3 /a /a", "RUN npm i alpinejs app.apk"]), @"skipped, to be told: nothing in the image speaks for or against `alpine`");
    }

    #[test]
    fn fails_for_each_platform_that_is_another() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        sample.expectation().runtime.language = Some("nodejs".into());
        for index in [0, 1] {
            sample.config(index).env = vec!["GOLANG_VERSION=1.22".into()];
            sample.config(index).cmd = vec!["/app".into()];
        }
        said!(sample.said(CheckId::Runtime), @"
        failed runtime-differs: `linux/amd64` shows nothing of `nodejs` and is of another kind: `GOLANG_VERSION` is set; `linux/arm64` shows nothing of `nodejs` and is of another kind: `GOLANG_VERSION` is set
        expected nodejs
        observed GOLANG_VERSION is set
        hint: Check which image was pushed under this name, or correct `runtime`.
        ");
    }

    #[test]
    fn other_values_are_handed_on() {
        said!(with("python", "debian", |_| {}), @"skipped, to be told: handed on, unchecked: `python`, `debian`");
        said!(with("nodejs", "debian", |_| {}), @"
        passed: it shows `nodejs` (`NODE_VERSION` is set)
        note: handed on, unchecked: `debian`
        ");
        said!(with("", "", |_| {}), @"skipped: no runtime was declared");
    }

    #[test]
    fn is_skipped_with_a_note_when_only_a_part_is_shown() {
        said!(with("nodejs", "alpine", |config| config.history.clear()), @"skipped, to be told: nothing in the image speaks for or against `alpine`; it shows `nodejs` (`NODE_VERSION` is set)");
    }
}
