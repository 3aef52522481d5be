//! The image says that it listens on the port, on every wanted platform.

use crate::oci::ImageConfig;
use crate::report::{Finding, Outcome, Reason, Skip};

use super::Subject;
use super::wording::{clauses, cleaned, listed, quoted};

pub(super) fn run(subject: &Subject<'_>) -> Outcome {
    let Some(expected) = subject.request.expectation.port else {
        return Outcome::not_asked("no port is expected");
    };
    let number = expected.number;
    subject.with_configs(|configs| {
        let (mut others, mut silent) = (Vec::new(), Vec::new());
        for (name, config) in configs {
            match said(config, number) {
                Said::This => {}
                Said::Others(ports) => others.push((name.clone(), ports)),
                Said::Nothing => silent.push(name.clone()),
            }
        }
        if !others.is_empty() {
            return Outcome::Failed(names_others(number, &others));
        }
        if silent.is_empty() {
            return Outcome::passed(format!("the image names {}", quoted(&tcp(number))));
        }
        let names = listed(silent);
        if expected.strict {
            let message =
                format!("no port is named by {names}, neither with `EXPOSE` nor with `PORT`");
            let hint = format!("Add `EXPOSE {number}` to the Dockerfile, or omit `--port`.");
            return Outcome::Failed(
                Finding::new(Reason::PortNotExposed, message)
                    .compared(tcp(number), "no port")
                    .hint(hint),
            );
        }
        let message =
            format!("no port is named by {names}, so {} was not compared", quoted(&tcp(number)));
        Outcome::Skipped { message, skip: Skip::Noteworthy }
    })
}

fn tcp(number: u16) -> String {
    format!("{number}/tcp")
}

/// What an image says of its ports.
enum Said {
    /// It names the expected one.
    This,
    /// It names others and not this one.
    Others(Vec<String>),
    /// It names none.
    Nothing,
}

fn said(config: &ImageConfig, number: u16) -> Said {
    let mut others = Vec::new();
    for text in &config.exposed_ports {
        match Exposed::parse(text) {
            Some(exposed) if exposed.has_tcp(number) => return Said::This,
            Some(_) => others.push(text.clone()),
            // Not a port at all, so it names none.
            None => {}
        }
    }
    match config.env_value("PORT").and_then(|text| text.trim().parse::<u16>().ok()) {
        Some(port) if port == number => return Said::This,
        Some(port) => others.push(format!("PORT={port}")),
        None => {}
    }
    if others.is_empty() { Said::Nothing } else { Said::Others(others) }
}

fn names_others(number: u16, others: &[(String, Vec<String>)]) -> Finding {
    let says = others
        .iter()
        .map(|(name, ports)| format!("{name} names {}", listed(ports.iter().map(quoted))));
    let message = format!("{}, and not {}", clauses(says), quoted(&tcp(number)));
    let mut ports: Vec<_> = others.iter().flat_map(|(_, ports)| ports).collect();
    let is_of_another_protocol = ports
        .iter()
        .any(|text| Exposed::parse(text).is_some_and(|port| !port.is_tcp() && port.holds(number)));
    let hint = if is_of_another_protocol {
        format!("{number} is exposed for another protocol only: write `EXPOSE {number}/tcp`.")
    } else {
        Reason::PortNotExposed.advice().to_owned()
    };
    ports.dedup();
    Finding::new(Reason::PortNotExposed, message)
        .compared(tcp(number), listed(ports.into_iter().map(|port| cleaned(port))))
        .hint(hint)
}

/// One key of `ExposedPorts`: `5001`, `5001/tcp`, `5000-5010/udp`.
pub(super) struct Exposed {
    first: u16,
    last: u16,
    /// In lower case.
    protocol: String,
}

impl Exposed {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (ports, protocol) = text.split_once('/').unwrap_or((text, ""));
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let protocol = if protocol.is_empty() { "tcp" } else { protocol };
        Some(Self {
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            protocol: protocol.to_ascii_lowercase(),
        })
    }

    fn is_tcp(&self) -> bool {
        self.protocol == "tcp"
    }

    fn holds(&self, number: u16) -> bool {
        (self.first..=self.last).contains(&number)
    }

    fn has_tcp(&self, number: u16) -> bool {
        self.is_tcp() && self.holds(number)
    }

    pub(super) fn has_protocol_of(&self, other: &Self) -> bool {
        self.protocol == other.protocol
    }

    /// Whether all ports of another one are among these.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.holds(other.first) && self.holds(other.last)
    }

    /// Whether any port of another one is among these.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot as said;

    use crate::checks::tests::sample::{Sample, unknown};
    use crate::report::{CheckId, Reason};
    use crate::request::ExpectedPort;

    fn with(strict: bool, ports: &[&str], env: &[&str]) -> String {
        let mut sample = Sample::single();
        sample.expectation().port = Some(ExpectedPort { number: 5001, strict });
        sample.config(0).exposed_ports = ports.iter().map(|port| (*port).to_owned()).collect();
        sample.config(0).env = env.iter().map(|text| (*text).to_owned()).collect();
        sample.said(CheckId::Port)
    }

    #[test]
    fn passes_when_the_image_names_it_in_any_way() {
        let named: [(&[&str], &[&str]); 7] = [
            (&["5001/tcp"], &[]),
            (&["5001"], &[]),
            (&["5001/TCP", "80/tcp"], &[]),
            (&["5000-5010/tcp"], &[]),
            (&[], &["PORT=5001"]),
            (&["80/tcp"], &["PORT=5001"]),
            (&["5001/tcp"], &["PORT=80"]),
        ];
        for (ports, env) in named {
            assert_eq!(with(true, ports, env), "passed: the image names `5001/tcp`", "{ports:?}");
        }
    }

    #[test]
    fn fails_when_it_names_others_only() {
        said!(with(false, &["3000/tcp", "5002-5010/tcp"], &["PORT=8080"]), @"
        failed port-not-exposed: the image names `3000/tcp`, `5002-5010/tcp`, `PORT=8080`, and not `5001/tcp`
        expected 5001/tcp
        observed 3000/tcp, 5002-5010/tcp, PORT=8080
        hint: Correct `EXPOSE` or `PORT` in the Dockerfile, or the expected port.
        ");
        said!(with(false, &["5001/udp"], &[]), @"
        failed port-not-exposed: the image names `5001/udp`, and not `5001/tcp`
        expected 5001/tcp
        observed 5001/udp
        hint: 5001 is exposed for another protocol only: write `EXPOSE 5001/tcp`.
        ");
    }

    #[test]
    fn fails_or_is_skipped_when_it_names_none() {
        said!(with(true, &[], &["PORT=http"]), @"
        failed port-not-exposed: no port is named by the image, neither with `EXPOSE` nor with `PORT`
        expected 5001/tcp
        observed no port
        hint: Add `EXPOSE 5001` to the Dockerfile, or omit `--port`.
        ");
        said!(with(false, &["$PORT/tcp"], &[]), @"skipped, to be told: no port is named by the image, so `5001/tcp` was not compared");
    }

    #[test]
    fn holds_on_every_platform() {
        let mut sample = Sample::index(&["linux/amd64", "linux/arm64"]);
        said!(sample.said(CheckId::Port), @"skipped: no port is expected");
        sample.expectation().port = Some(ExpectedPort { number: 5001, strict: false });
        sample.config(0).exposed_ports.clear();
        said!(sample.said(CheckId::Port), @"skipped, to be told: no port is named by `linux/amd64`, so `5001/tcp` was not compared");
        sample.config(1).exposed_ports = vec!["80/tcp".into()];
        said!(sample.said(CheckId::Port), @"
        failed port-not-exposed: `linux/arm64` names `80/tcp`, and not `5001/tcp`
        expected 5001/tcp
        observed 80/tcp
        hint: Correct `EXPOSE` or `PORT` in the Dockerfile, or the expected port.
        ");
    }

    #[test]
    fn is_errored_when_a_config_is_unknown() {
        let mut sample = Sample::single();
        sample.expectation().port = Some(ExpectedPort { number: 5001, strict: true });
        sample.observation.images[0].manifest = unknown(Reason::AnswerTooLarge);
        said!(sample.said(CheckId::Port), @"
        errored answer-too-large: an answer that is answer-too-large
        hint: Check which image and which server this is: nothing over the limit is read.
        ");
    }
}
