//! What CircleCI's compiler makes of an element of the packed orb: its steps, or itself, with every parameter put in.
//!
//! Only as much of the compiler as this orb needs: parameters, `when` and `unless`, `and`, `or`, `not`.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value};

use crate::parameters::{check_given, declared, named};

/// One `run` step.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) command: String,
    /// `on_success` (the default), `on_fail` or `always`.
    pub(crate) when: String,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Run {
    /// Whether CircleCI runs it where the job's steps have come to this exit code.
    pub(crate) fn is_due(&self, code: i32) -> bool {
        match self.when.as_str() {
            "always" => true,
            "on_fail" => code != 0,
            _ => code == 0,
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Run(Run),
    /// Any other: its name, and its value as CircleCI sees it.
    Other(String, Value),
}

/// The steps of a command.
pub(crate) fn command(orb: &Value, name: &str, given: &Mapping) -> Result<Vec<Step>, String> {
    let element = orb
        .get("commands")
        .and_then(|commands| commands.get(name))
        .ok_or_else(|| format!("there is no command `{name}`"))?;
    element_steps(element, given)
}

/// The steps of a job, with the orb's own commands put in their place.
pub(crate) fn job(orb: &Value, name: &str, given: &Mapping) -> Result<Vec<Step>, String> {
    let element = orb
        .get("jobs")
        .and_then(|jobs| jobs.get(name))
        .ok_or_else(|| format!("there is no job `{name}`"))?;
    let mut steps = Vec::new();
    for step in element_steps(element, given)? {
        match step {
            Step::Other(name, Value::Mapping(given)) if is_command(orb, &name) => {
                steps.extend(command(orb, &name, &given)?);
            }
            other @ (Step::Run(_) | Step::Other(_, _)) => steps.push(other),
        }
    }
    Ok(steps)
}

/// An executor, with its parameters put in.
pub(crate) fn executor(orb: &Value, name: &str, given: &Mapping) -> Result<Value, String> {
    let element = orb
        .get("executors")
        .and_then(|executors| executors.get(name))
        .ok_or_else(|| format!("there is no executor `{name}`"))?;
    let values = values(element, given)?;
    let Value::Mapping(mut element) = element.clone() else {
        return Err(format!("the executor `{name}` is no mapping"));
    };
    element.remove("parameters");
    element.remove("description");
    Ok(put_in(&Value::Mapping(element), &values))
}

fn is_command(orb: &Value, name: &str) -> bool {
    orb.get("commands").is_some_and(|commands| commands.get(name).is_some())
}

fn element_steps(element: &Value, given: &Mapping) -> Result<Vec<Step>, String> {
    let values = values(element, given)?;
    let steps = put_in(element.get("steps").unwrap_or(&Value::Null), &values);
    Ok(flatten(&steps))
}

/// What every parameter of an element is, where these are given.
fn values(element: &Value, given: &Mapping) -> Result<BTreeMap<String, Value>, String> {
    let parameters = declared(element);
    let findings = check_given(&parameters, given, &Mapping::new());
    if let Some(finding) = findings.first() {
        return Err(finding.clone());
    }
    let mut values = BTreeMap::new();
    for (name, parameter) in &parameters {
        let value = given.get(name).or_else(|| parameter.get("default")).cloned();
        values.insert(name.as_str().unwrap_or_default().to_owned(), value.unwrap_or_default());
    }
    Ok(values)
}

/// The value with every parameter put in. One that is a value by itself keeps its type; text has `\<<` made `<<`.
fn put_in(value: &Value, values: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => {
            let name =
                text.strip_prefix("<< parameters.").and_then(|rest| rest.strip_suffix(" >>"));
            if let Some(value) = name.and_then(|name| values.get(name)) {
                return value.clone();
            }
            let mut text = text.clone();
            for (name, value) in values {
                text = text.replace(&format!("<< parameters.{name} >>"), &shown(value));
            }
            Value::String(text.replace("\\<<", "<<"))
        }
        Value::Sequence(items) => items.iter().map(|item| put_in(item, values)).collect(),
        Value::Mapping(map) => Value::Mapping(
            map.iter().map(|(key, value)| (key.clone(), put_in(value, values))).collect(),
        ),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Tagged(_)) => {
            other.clone()
        }
    }
}

/// A value as it arrives in the environment: CircleCI makes booleans 1 and 0.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(is_on) => u8::from(*is_on).to_string(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => String::new(),
    }
}

fn flatten(steps: &Value) -> Vec<Step> {
    let mut flat = Vec::new();
    for step in steps.as_sequence().into_iter().flatten() {
        let (name, body) = named(step);
        match name {
            "run" => flat.push(Step::Run(run(&body))),
            "when" | "unless" => {
                let condition = body.get("condition").is_some_and(is_true);
                if condition == (name == "when") {
                    flat.extend(flatten(body.get("steps").unwrap_or(&Value::Null)));
                }
            }
            other => flat.push(Step::Other(other.to_owned(), body)),
        }
    }
    flat
}

fn run(body: &Value) -> Run {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let environment = body.get("environment").and_then(Value::as_mapping).cloned();
    let when = text("when");
    Run {
        name: text("name"),
        command: text("command"),
        when: if when.is_empty() { "on_success".to_owned() } else { when },
        environment: environment
            .unwrap_or_default()
            .iter()
            .map(|(name, value)| (name.as_str().unwrap_or_default().to_owned(), shown(value)))
            .collect(),
    }
}

/// CircleCI's truth: false, null, 0, and an empty string or list are false.
fn is_true(condition: &Value) -> bool {
    match condition {
        Value::Null | Value::Tagged(_) => false,
        Value::Bool(is_on) => *is_on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Sequence(items) => !items.is_empty(),
        Value::Mapping(map) => map.iter().all(|(operator, operand)| {
            let mut operands = operand.as_sequence().into_iter().flatten();
            match operator.as_str() {
                Some("and") => operands.all(is_true),
                Some("or") => operands.any(is_true),
                Some("not") => !is_true(operand),
                Some(_) | None => false,
            }
        }),
    }
}
