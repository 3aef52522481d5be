//! The line of one service: what was last found out of its image, and when the registry said so.

use std::fmt;

use jiff::Timestamp;

use super::Light;
use crate::document::instant;
use crate::report::ImageReport;

/// One service's line: `GREEN <reference> since <time> verified <time>`, and of a red one `reason <code>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceLine {
    /// How the last decided verification ended.
    pub light: Light,
    /// The image: with tag and digest, where one was seen. `None` where the line holds no reference.
    pub reference: Option<String>,
    /// Since when the light and the reference have been these.
    pub since: Option<Timestamp>,
    /// When the registry last answered so.
    pub verified: Option<Timestamp>,
    /// The code of what made it red, as in `tag-missing`.
    pub reason: Option<String>,
}

impl ServiceLine {
    /// Reads a line's value. `None` where no light can be made out.
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace().filter(|word| !matches!(*word, "🟢" | "🔴"));
        let light = match words.next()?.to_ascii_uppercase().as_str() {
            "GREEN" => Light::Green,
            "RED" => Light::Red,
            _ => return None,
        };
        let mut line = Self { light, reference: None, since: None, verified: None, reason: None };
        while let Some(word) = words.next() {
            match word {
                "since" => line.since = words.next().and_then(|time| time.parse().ok()),
                "verified" => line.verified = words.next().and_then(|time| time.parse().ok()),
                "reason" => {
                    line.reason = words.next().filter(|word| is_code(word)).map(str::to_owned);
                }
                reference if line.reference.is_none() => line.reference = Some(reference.into()),
                _ => {}
            }
        }
        Some(line)
    }

    /// What a decided verification says of a service.
    pub(super) fn of(image: &ImageReport) -> Option<Self> {
        let light = Light::of(image.verdict())?;
        let reference = &image.request.reference;
        let tag = reference.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = match &image.facts {
            Some(facts) => format!("@{}", facts.digest),
            None => String::new(),
        };
        Some(Self {
            light,
            reference: Some(format!("{}{tag}{digest}", reference.name())),
            since: Some(image.verified_at),
            verified: Some(image.verified_at),
            reason: image.deciding().map(|(_, finding)| finding.reason.to_string()),
        })
    }

    /// Whether it was verified later than `new`; of two in one second the red one counts.
    pub(super) fn outlives(&self, new: &Self) -> bool {
        let second = |line: &Self| line.verified.map(Timestamp::as_second);
        match (second(self), second(new)) {
            (Some(standing), Some(new)) if standing > new => true,
            (Some(standing), Some(second)) if standing == second => {
                self.light == Light::Red && new.light == Light::Green
            }
            (_, _) => false,
        }
    }

    /// With the older line's `since`, where nothing has changed since then.
    pub(super) fn after(self, older: Option<&Self>) -> Self {
        match older {
            Some(Self { light, reference, since: Some(since), verified: _, reason: _ })
                if *light == self.light && *reference == self.reference =>
            {
                Self { since: Some(*since), ..self }
            }
            Some(_) | None => self,
        }
    }
}

impl fmt::Display for ServiceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { light, reference, since, verified, reason } = self;
        f.write_str(light.word())?;
        if let Some(reference) = reference {
            write!(f, " {reference}")?;
        }
        for (label, time) in [("since", since), ("verified", verified)] {
            if let Some(time) = time {
                write!(f, " {label} {}", instant(*time))?;
            }
        }
        match reason {
            Some(reason) if *light == Light::Red => write!(f, " reason {reason}"),
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether a word is a reason's code by its form: one of another version of this program is, too.
fn is_code(word: &str) -> bool {
    word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
