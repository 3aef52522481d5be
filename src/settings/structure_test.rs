//! A file of container-structure-test, as far as a registry can answer it: its `metadataTest`.
//!
//! Read as that program reads it (schema 2.0.0 and 1.0.0): an empty text or list asks for nothing, but an empty
//! `entrypoint` or `cmd` asks for none.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::request::{ExpectedFact, Pattern, TextRule, UserRule};
use crate::settings::config::{Flag, Text, Value};

/// The whole file. What is not read is known by its name, so that a misspelt test is not a test less.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct StructureTest {
    #[serde(rename = "schemaVersion")]
    _schema_version: Text,
    #[serde(default)]
    metadata_test: MetadataTest,
    #[serde(default)]
    command_tests: Vec<IgnoredAny>,
    #[serde(default)]
    file_existence_tests: Vec<IgnoredAny>,
    #[serde(default)]
    file_content_tests: Vec<IgnoredAny>,
    #[serde(default)]
    license_tests: Vec<IgnoredAny>,
    #[serde(rename = "globalEnvVars")]
    _global_env_vars: Option<IgnoredAny>,
    #[serde(rename = "containerRunOptions")]
    _container_run_options: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct MetadataTest {
    #[serde(alias = "envVars")]
    env: Vec<Pair>,
    #[serde(alias = "unboundEnvVars")]
    unbound_env: Vec<Pair>,
    exposed_ports: Vec<Value>,
    unexposed_ports: Vec<Value>,
    entrypoint: Option<Vec<Value>>,
    cmd: Option<Vec<Value>>,
    workdir: Option<Value>,
    volumes: Vec<Value>,
    unmounted_volumes: Vec<Value>,
    labels: Vec<Pair>,
    user: Option<Value>,
}

/// A name and its value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Pair {
    key: Text,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    is_regex: Option<Flag>,
}

impl StructureTest {
    /// What the image must state.
    ///
    /// # Errors
    /// A regular expression that this program cannot read, as a clause.
    pub(super) fn lines(&self) -> Result<Vec<ExpectedFact>, String> {
        let MetadataTest {
            env,
            unbound_env,
            exposed_ports,
            unexposed_ports,
            entrypoint,
            cmd,
            workdir,
            volumes,
            unmounted_volumes,
            labels,
            user,
        } = &self.metadata_test;
        let texts = |list: &[Value]| -> Vec<String> {
            list.iter().map(|Value(text)| text.clone()).collect()
        };
        let given = |text: &Option<Value>| {
            text.as_ref().map(|Value(text)| text.clone()).filter(|text| !text.is_empty())
        };
        let mut lines = Vec::new();
        for Pair { key: Text(key), value, is_regex } in labels {
            lines.push(ExpectedFact::Label(key.clone(), rule(value.as_ref(), *is_regex)?));
        }
        for Pair { key: Text(key), value, is_regex } in env {
            lines.push(ExpectedFact::Env(key.clone(), rule(value.as_ref(), *is_regex)?));
        }
        let unset = |pair: &Pair| ExpectedFact::NoEnv(pair.key.0.clone());
        lines.extend(unbound_env.iter().map(unset));
        lines.extend(given(user).map(|user| ExpectedFact::User(UserRule::Is(user))));
        lines.extend(entrypoint.as_deref().map(|words| ExpectedFact::Entrypoint(texts(words))));
        lines.extend(cmd.as_deref().map(|words| ExpectedFact::Cmd(texts(words))));
        lines.extend(given(workdir).map(ExpectedFact::Workdir));
        lines.extend(texts(volumes).into_iter().map(ExpectedFact::Volume));
        lines.extend(texts(unmounted_volumes).into_iter().map(ExpectedFact::NoVolume));
        lines.extend(texts(exposed_ports).into_iter().map(ExpectedFact::Port));
        lines.extend(texts(unexposed_ports).into_iter().map(ExpectedFact::NoPort));
        Ok(lines)
    }

    /// The names of the tests in it that only a running container can answer.
    pub(super) fn others(&self) -> Vec<&'static str> {
        let others = [
            ("commandTests", &self.command_tests),
            ("fileExistenceTests", &self.file_existence_tests),
            ("fileContentTests", &self.file_content_tests),
            ("licenseTests", &self.license_tests),
        ];
        others.into_iter().filter(|(_, tests)| !tests.is_empty()).map(|(name, _)| name).collect()
    }
}

fn rule(value: Option<&Value>, is_regex: Option<Flag>) -> Result<TextRule, String> {
    let value = value.map(|Value(text)| text.clone()).unwrap_or_default();
    if is_regex != Some(Flag(true)) {
        return Ok(TextRule::Is(value));
    }
    match Pattern::new(&value) {
        Ok(pattern) => Ok(TextRule::Has(pattern)),
        Err(why) => Err(format!("the pattern `{value}` cannot be read: {why}")),
    }
}
