//! The image is what the service's `expect` says, line by line, on every wanted platform.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::document::size;
use crate::observation::{Fact, PlatformObservation, Unavailable};
use crate::oci::{AttestationKind, ImageConfig, ImageManifest};
use crate::report::{Finding, Outcome, Reason};
use crate::request::{ExpectedFact, TextRule, UserRule};
use crate::secret::has_secret_word;

use super::Subject;
use super::port::Exposed;
use super::subject::Found;
use super::wording::{clauses, cleaned, listed, quoted};

/// How far the clocks of two machines may differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(10);

/// The most lines of advice.
const MOST_FIXES: usize = 5;

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let facts = &subject.request.expectation.facts;
    if facts.is_empty() {
        return Outcome::not_asked("no facts of the image are declared");
    }
    subject.with_images(|images| judge(facts, images, subject.observation.started_at))
}

fn judge(facts: &[ExpectedFact], images: &[Found<'_>], started_at: Timestamp) -> Outcome {
    let (mut clauses_of, mut expected, mut observed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut fixes, mut unknown): (Vec<String>, Option<&Unavailable>) = (Vec::new(), None);
    for fact in facts {
        let mut is_counted = false;
        for Found { name, image, manifest, config } in images {
            let seen = Seen { image, manifest, config, started_at };
            let Unlike { what, wanted, found, fix } = match seen.unlike(fact) {
                Ok(Some(unlike)) => unlike,
                Ok(None) => continue,
                Err(why) => {
                    unknown = unknown.or(Some(why));
                    continue;
                }
            };
            let place = if images.len() > 1 { format!(" of {name}") } else { String::new() };
            let instead =
                if wanted.contains('`') { format!(", expected {wanted}") } else { String::new() };
            clauses_of.push(format!("{what}{place} is {found}{instead}"));
            observed.push(format!("{what}{place}: {found}"));
            if !is_counted {
                expected.push(format!("{what}: {wanted}"));
                is_counted = true;
            }
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
    }
    if expected.is_empty() {
        if let Some(why) = unknown {
            return Outcome::Errored(why.finding());
        }
        return Outcome::passed(match facts.len() {
            1 => "the expected fact holds".to_owned(),
            count => format!("all {count} expected facts hold"),
        });
    }
    let how_many = match (expected.len(), facts.len()) {
        (_, 1) => "the expected fact does not hold".to_owned(),
        (count, all) => format!("{count} of {all} expected facts do not hold"),
    };
    let message = format!("{how_many}: {}", clauses_of.join("; "));
    let more = fixes.len().saturating_sub(MOST_FIXES);
    fixes.truncate(MOST_FIXES);
    if more > 0 {
        fixes.push(format!("And {more} more."));
    }
    let finding = Finding::new(Reason::FactDiffers, message)
        .compared(clauses(expected), clauses(observed))
        .hint(fixes.join("\n"));
    Outcome::Failed(finding)
}

/// One platform's image.
struct Seen<'a> {
    image: &'a PlatformObservation,
    manifest: &'a ImageManifest,
    config: &'a ImageConfig,
    started_at: Timestamp,
}

/// A line that does not hold.
struct Unlike {
    /// What was looked at.
    what: String,
    wanted: String,
    found: String,
    /// What to write where.
    fix: String,
}

impl<'a> Seen<'a> {
    /// What is unlike a line, if it is known.
    fn unlike(&self, fact: &ExpectedFact) -> Result<Option<Unlike>, &'a Unavailable> {
        let config = self.config;
        Ok(match fact {
            ExpectedFact::Attestation(kind) => return self.unattested(*kind),
            ExpectedFact::Annotation(name, rule) => self.annotation(name, rule),
            ExpectedFact::Label(name, rule) => {
                let found = config.labels.get(name).map(String::as_str);
                text(&format!("label {}", quoted(name)), rule, found, |value| {
                    format!("LABEL {}={}", cleaned(name), double(value))
                })
            }
            ExpectedFact::Env(name, rule) => self.variable(name, rule),
            ExpectedFact::NoEnv(name) => config.env_value(name).map(|value| Unlike {
                what: format!("variable {}", quoted(name)),
                wanted: "not set".into(),
                // What must not be set is often a secret.
                found: format!("set, to a value of {} characters", value.chars().count()),
                fix: removed(&format!("ENV {}", cleaned(name))),
            }),
            ExpectedFact::User(rule) => {
                (!rule.holds_for(&config.user)).then(|| user(rule, &config.user))
            }
            ExpectedFact::Entrypoint(words) => {
                command("the entry point", "ENTRYPOINT", words, &config.entrypoint)
            }
            ExpectedFact::Cmd(words) => command("the command", "CMD", words, &config.cmd),
            ExpectedFact::Workdir(path) => {
                said("the working directory", path, &config.workdir, |value| {
                    format!("WORKDIR {value}")
                })
            }
            ExpectedFact::StopSignal(signal) => {
                said("the stop signal", signal, &config.stop_signal, |value| {
                    format!("STOPSIGNAL {value}")
                })
            }
            ExpectedFact::Volume(path) => {
                declared("volume", "VOLUME", path, true, config.volumes.contains(path))
            }
            ExpectedFact::NoVolume(path) => {
                declared("volume", "VOLUME", path, false, config.volumes.contains(path))
            }
            ExpectedFact::Port(port) => {
                declared("port", "EXPOSE", port, true, exposes(config, port, Exposed::covers))
            }
            ExpectedFact::NoPort(port) => {
                declared("port", "EXPOSE", port, false, exposes(config, port, Exposed::meets))
            }
            ExpectedFact::NoVolumes => self.any_volume(),
            ExpectedFact::Healthcheck(wanted) => self.healthcheck(*wanted),
            ExpectedFact::MaxAge(most) => self.too_old(*most),
            ExpectedFact::MaxSize(most) => self.too_large(*most),
        })
    }

    fn variable(&self, name: &str, rule: &TextRule) -> Option<Unlike> {
        let found = self.config.env_value(name);
        let unlike = text(&format!("variable {}", quoted(name)), rule, found, |value| {
            format!("ENV {}={}", cleaned(name), double(value))
        })?;
        let is_shown = found.is_none() || !has_secret_word(name);
        let shown = if is_shown {
            unlike.found
        } else {
            "set to another value, which is not shown".to_owned()
        };
        Some(Unlike { found: shown, ..unlike })
    }

    fn any_volume(&self) -> Option<Unlike> {
        let volumes = &self.config.volumes;
        (!volumes.is_empty()).then(|| Unlike {
            what: "the list of volumes".into(),
            wanted: "empty".into(),
            found: listed(volumes.iter().map(quoted)),
            fix: removed("VOLUME"),
        })
    }

    fn annotation(&self, name: &str, rule: &TextRule) -> Option<Unlike> {
        let found = self.manifest.annotations.get(name).map(String::as_str);
        let unlike = text(&format!("annotation {}", quoted(name)), rule, found, |_| String::new())?;
        let value = match rule {
            TextRule::Is(value) => cleaned(value),
            TextRule::Has(_) => "…".to_owned(),
        };
        let fix = format!("Add to the build: `--annotation \"{}={value}\"`", cleaned(name));
        Some(Unlike { fix, ..unlike })
    }

    fn unattested(&self, kind: AttestationKind) -> Result<Option<Unlike>, &'a Unavailable> {
        let attested = self.image.attested.as_ref();
        let found = match attested.map(|attested| &attested.statements) {
            Some(Fact::Present(listed)) if listed.iter().any(|one| one.kind == kind) => {
                return Ok(None);
            }
            Some(Fact::Unknown(why)) => return Err(why),
            Some(Fact::Absent(denial)) => format!("gone: the registry answered {}", denial.said),
            Some(Fact::Present(_)) if attested.is_some_and(|one| one.gone.contains(&kind)) => {
                "gone: it is listed beside the image, and the registry does not have it".to_owned()
            }
            Some(Fact::Present(_)) | None => "absent".to_owned(),
        };
        let option = match kind {
            AttestationKind::Provenance => "--provenance=mode=max",
            AttestationKind::Sbom => "--sbom=true",
        };
        Ok(Some(Unlike {
            what: format!("the attestation {}", quoted(kind.as_str())),
            wanted: "there".into(),
            found,
            fix: format!(
                "Build with `docker buildx build {option} --push`, which lists it in an index beside the image: a \
                 reference to one platform's own manifest does not lead to it."
            ),
        }))
    }

    fn healthcheck(&self, wanted: bool) -> Option<Unlike> {
        let (is_wanted, is_found, fix) = if wanted {
            let fix = "Write `HEALTHCHECK CMD …` in the Dockerfile, and push an image of Docker's type: OCI's config has \
                       no health check.";
            ("there", "absent", fix)
        } else {
            ("absent", "there", "Write `HEALTHCHECK NONE` in the Dockerfile.")
        };
        (self.config.healthcheck != wanted).then(|| Unlike {
            what: "the health check".into(),
            wanted: is_wanted.into(),
            found: is_found.into(),
            fix: fix.into(),
        })
    }

    fn too_large(&self, most: u64) -> Option<Unlike> {
        let layers = self.manifest.layers.iter().map(|layer| layer.size);
        let sum = layers.fold(0, u64::saturating_add);
        (sum > most).then(|| Unlike {
            what: "the size of its layers".into(),
            wanted: format!("at most {}", quoted(&size(most))),
            found: size(sum),
            fix: "Look at what the layers hold, or raise `max_size`.".into(),
        })
    }

    fn too_old(&self, most: Duration) -> Option<Unlike> {
        let most = SignedDuration::try_from(most).ok()?;
        let what = "the age of the image".to_owned();
        let wanted = format!("at most `{}`", shown(most));
        let created = self.config.created.as_deref();
        let at = created.and_then(|created| created.parse::<Timestamp>().ok());
        let Some(at) = at else {
            return Some(Unlike {
                what,
                wanted,
                found: "unknown (the image does not say when it was created)".into(),
                fix: "Let the build write `created`, or remove `max_age`.".into(),
            });
        };
        let age = self.started_at.duration_since(at);
        if age < -CLOCKS_DIFFER {
            return Some(Unlike {
                what,
                wanted,
                found: format!("unknown (created {}, which is still to come)", quoted(&at)),
                fix: "Set the clock of the machine that builds, or `SOURCE_DATE_EPOCH`.".into(),
            });
        }
        (age > most).then(|| Unlike {
            what,
            wanted,
            found: format!("{} (created {})", shown(age), quoted(&at)),
            fix: "Build and push the image again; a build with a fixed `SOURCE_DATE_EPOCH` does not say its age."
                .into(),
        })
    }
}

/// An age; in days from the second on.
fn shown(age: SignedDuration) -> String {
    match age.as_hours() {
        hours if hours >= 48 => format!("{} days", hours / 24),
        _ => format!("{:#}", SignedDuration::from_secs(age.as_secs())),
    }
}

/// A text that is compared by a rule. A text that the image does not state does not hold.
fn text(
    what: &str,
    rule: &TextRule,
    found: Option<&str>,
    instruction: impl FnOnce(&str) -> String,
) -> Option<Unlike> {
    if found.is_some_and(|found| rule.holds_for(found)) {
        return None;
    }
    let value = match rule {
        TextRule::Is(value) => cleaned(value),
        TextRule::Has(_) => "…".to_owned(),
    };
    Some(Unlike {
        what: what.to_owned(),
        wanted: quoted(&rule.written()),
        found: found.map_or_else(|| "not set".to_owned(), quoted),
        fix: written(&instruction(&value)),
    })
}

/// A text that is compared as it is. An empty one is not stated.
fn said(
    what: &str,
    wanted: &str,
    found: &str,
    instruction: impl FnOnce(&str) -> String,
) -> Option<Unlike> {
    let found = Some(found).filter(|found| !found.is_empty());
    text(what, &TextRule::Is(wanted.to_owned()), found, instruction)
}

/// A volume or a port that must be declared, or must not.
fn declared(
    kind: &str,
    instruction: &str,
    name: &str,
    is_wanted: bool,
    is_found: bool,
) -> Option<Unlike> {
    let word = |is_declared: bool| if is_declared { "declared" } else { "not declared" };
    let line = format!("{instruction} {}", cleaned(name));
    (is_wanted != is_found).then(|| Unlike {
        what: format!("{kind} {}", quoted(name)),
        wanted: word(is_wanted).into(),
        found: word(is_found).into(),
        fix: if is_wanted { written(&line) } else { removed(&line) },
    })
}

fn written(line: &str) -> String {
    format!("Write `{line}` in the Dockerfile.")
}

fn removed(line: &str) -> String {
    format!("Remove `{line}` from the Dockerfile, or from the base image's.")
}

/// A value as a Dockerfile quotes it.
fn double(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn user(rule: &UserRule, found: &str) -> Unlike {
    let (wanted, name) = match rule {
        UserRule::NotRoot => ("not root".to_owned(), "1000".to_owned()),
        UserRule::Is(name) => (quoted(name), cleaned(name)),
    };
    Unlike {
        what: "the user".into(),
        wanted,
        found: match (found, rule) {
            ("", _) => "not set, which is root".to_owned(),
            (found, UserRule::NotRoot) => format!("{}, which is root", quoted(found)),
            (found, UserRule::Is(_)) => quoted(found),
        },
        fix: format!("Write `USER {name}` in the Dockerfile, behind the steps that need root."),
    }
}

/// A command, word by word.
fn command(what: &str, instruction: &str, wanted: &[String], found: &[String]) -> Option<Unlike> {
    let json = |words: &[String]| {
        serde_json::to_string(words).map_or_else(|_| "?".to_owned(), |text| quoted(&text))
    };
    (wanted != found).then(|| Unlike {
        what: what.to_owned(),
        wanted: json(wanted),
        found: json(found),
        fix: format!(
            "Write `{instruction} {}` in the Dockerfile, as a list: the form without brackets starts a shell.",
            json(wanted).trim_matches('`')
        ),
    })
}

/// Whether ports are exposed, as `is_among` has them: `8080` of any protocol, or `8080/udp`.
fn exposes(config: &ImageConfig, port: &str, is_among: fn(&Exposed, &Exposed) -> bool) -> bool {
    let Some(wanted) = Exposed::parse(port) else {
        return config.exposed_ports.iter().any(|exposed| exposed == port);
    };
    let is_of_any = !port.contains('/');
    config.exposed_ports.iter().filter_map(|exposed| Exposed::parse(exposed)).any(|exposed| {
        is_among(&exposed, &wanted) && (is_of_any || exposed.has_protocol_of(&wanted))
    })
}

#[cfg(test)]
mod tests;
