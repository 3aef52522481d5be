//! The facts that a service's image must state: of the config file itself, or of a container-structure-test file.

use crate::file::input;
use crate::request::ExpectedFact;
use crate::settings::config::{
    Age, AttestationWord, Config, Entries, ExpectEntry, FactsEntry, Flag, Key, RuleWord, Size,
    Text, UserWord, Value, is_below,
};
use crate::settings::question::Question;
use crate::settings::service::ConfiguredService;
use crate::settings::structure_test::StructureTest;
use crate::settings::usage_error::{Shown, UsageError};
use crate::yaml;

/// The most that is read of a structure test.
const MOST: u64 = 64 * 1024;

/// What is expected of an image, and what the reader should know of it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub lines: Vec<ExpectedFact>,
    pub note: Option<String>,
}

impl Question<'_> {
    /// The facts that a service's image must state.
    pub(super) fn facts(self, service: Option<ConfiguredService<'_>>) -> Result<Facts, UsageError> {
        let Some((config, service)) = self.config.zip(service) else { return Ok(Facts::default()) };
        match &service.entry.expect {
            None => Ok(Facts::default()),
            Some(ExpectEntry::Facts(facts)) => Ok(Facts { lines: lines(facts), note: None }),
            Some(ExpectEntry::File(Text(path))) => {
                let at = ["services", service.name, "expect"];
                Ok(self.structure_test(config, path).map_err(|why| config.error(&at, why))?)
            }
        }
    }

    /// What a container-structure-test file expects.
    fn structure_test(self, config: &Config, path: &str) -> Result<Facts, UsageError> {
        let redactor = self.expander.variables.redactor;
        let shown = Shown::new(path, redactor);
        if !is_below(path) {
            return Err(UsageError::new(format!(
                "the path {shown} is not below this file's folder"
            ))
            .hint("write it relative to this file, without `..` and without a leading `/`"));
        }
        let below = self.folder.join(&config.folder);
        let place = below.join(path);
        // A link of the checkout must not lead to a file that is not: a mistake in it is shown.
        if let (Ok(real), Ok(below)) = (place.canonicalize(), below.canonicalize())
            && !real.starts_with(below)
        {
            return Err(UsageError::new(format!(
                "the structure test {shown} is a link that leads out of this file's folder"
            ))
            .hint("put the file itself below this file's folder"));
        }
        let text = input::text(&place, MOST).map_err(|why| {
            UsageError::new(format!("the structure test {shown} {why}"))
                .hint("write the file's path relative to this file, or the facts themselves")
        })?;
        let unreadable = |why: &str| {
            let why = redactor.line(why, 300);
            UsageError::new(format!("the structure test {shown} cannot be read: {why}"))
        };
        let file: StructureTest = yaml::read(&text).map_err(|why| unreadable(&why.to_string()))?;
        let lines = file.lines().map_err(|why| unreadable(&why))?;
        if lines.is_empty() {
            let message =
                format!("the structure test {shown} asks for nothing in a `metadataTest`");
            return Err(UsageError::new(message)
                .hint("a registry can answer nothing else of it: write one, or remove `expect`"));
        }
        let others = file.others().join("`, `");
        let note = (!others.is_empty()).then(|| {
            format!("{shown} also has `{others}`, which only a started container answers: nothing is known of them")
        });
        Ok(Facts { lines, note })
    }
}

/// The lines of `expect`, in a fixed order.
pub(super) fn lines(facts: &FactsEntry) -> Vec<ExpectedFact> {
    let FactsEntry {
        labels: Entries(labels),
        env: Entries(env),
        user,
        entrypoint,
        cmd,
        workdir,
        volumes,
        stop_signal,
        healthcheck,
        max_age,
        max_size,
        annotations: Entries(annotations),
        attestations,
    } = facts;
    let words = |words: &Vec<Value>| words.iter().map(|Value(word)| word.clone()).collect();
    let mut lines = Vec::new();
    lines.extend(
        labels
            .iter()
            .map(|(Text(name), RuleWord(rule))| ExpectedFact::Label(name.clone(), rule.clone())),
    );
    lines.extend(
        env.iter().map(|(Key(name), RuleWord(rule))| ExpectedFact::Env(name.clone(), rule.clone())),
    );
    lines.extend(user.iter().map(|UserWord(rule)| ExpectedFact::User(rule.clone())));
    lines.extend(entrypoint.as_ref().map(|list| ExpectedFact::Entrypoint(words(list))));
    lines.extend(cmd.as_ref().map(|list| ExpectedFact::Cmd(words(list))));
    lines.extend(workdir.iter().map(|Text(path)| ExpectedFact::Workdir(path.clone())));
    match volumes.as_deref() {
        Some([]) => lines.push(ExpectedFact::NoVolumes),
        Some(paths) => {
            lines.extend(paths.iter().map(|Text(path)| ExpectedFact::Volume(path.clone())));
        }
        None => {}
    }
    lines.extend(stop_signal.iter().map(|Text(signal)| ExpectedFact::StopSignal(signal.clone())));
    lines.extend(healthcheck.map(|Flag(wanted)| ExpectedFact::Healthcheck(wanted)));
    lines.extend(max_age.map(|Age(age)| ExpectedFact::MaxAge(age)));
    lines.extend(max_size.map(|Size(bytes)| ExpectedFact::MaxSize(bytes)));
    lines.extend(
        annotations.iter().map(|(Text(name), RuleWord(rule))| {
            ExpectedFact::Annotation(name.clone(), rule.clone())
        }),
    );
    let kinds = attestations.iter().flatten();
    lines.extend(kinds.map(|AttestationWord(kind)| ExpectedFact::Attestation(*kind)));
    lines
}
