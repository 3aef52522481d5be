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
