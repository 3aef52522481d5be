//! CircleCI's parameters: what is declared, what is used, and whether a given value fits.

use std::collections::BTreeSet;

use serde_yaml::{Mapping, Value};

/// A step or a workflow's job: its name, and what stands behind it. The short form is a name alone.
pub(crate) fn named(entry: &Value) -> (&str, Value) {
    match entry.as_mapping().and_then(|map| map.iter().next()) {
        Some((name, body)) => (name.as_str().unwrap_or_default(), body.clone()),
        None => (entry.as_str().unwrap_or_default(), Value::Null),
    }
}

/// The parameters that an element declares.
pub(crate) fn declared(element: &Value) -> Mapping {
    element.get("parameters").and_then(Value::as_mapping).cloned().unwrap_or_default()
}

/// The names in every `<< parameters.NAME >>` of a value; an escaped `\<<` is none.
pub(crate) fn used(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => names.extend(references(text).map(str::to_owned)),
        Value::Sequence(items) => items.iter().for_each(|item| used(item, names)),
        Value::Mapping(map) => map.iter().for_each(|(key, item)| {
            used(key, names);
            used(item, names);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Tagged(_) => {}
    }
}

/// The names in every `<< parameters.NAME >>` of a text.
pub(crate) fn references(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("<<").filter_map(|(at, _)| {
        let is_escaped = text[..at].ends_with('\\');
        let inside = text[at + 2..].split(">>").next()?.trim();
        inside.strip_prefix("parameters.").filter(|_| !is_escaped)
    })
}

/// The name, when a value is one reference and nothing else.
pub(crate) fn whole_reference(value: &Value) -> Option<&str> {
    let text = value.as_str()?.strip_prefix("<<")?.strip_suffix(">>")?.trim();
    text.strip_prefix("parameters.").filter(|name| !name.contains(['<', ' ']))
}

/// What is wrong with a parameter's declaration.
pub(crate) fn check_declaration(name: &str, parameter: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    let is_described = parameter
        .get("description")
        .and_then(Value::as_str)
        .is_some_and(|text| !text.trim().is_empty());
    if !is_described {
        findings.push(format!("parameter `{name}` has no description"));
    }
    if let Some(default) = parameter.get("default")
        && let Err(why) = fits(parameter, default)
    {
        findings.push(format!("the default of parameter `{name}` {why}"));
    }
    findings
}

/// Whether a literal value fits a parameter's type.
pub(crate) fn fits(parameter: &Value, value: &Value) -> Result<(), String> {
    let kind = parameter.get("type").and_then(Value::as_str).unwrap_or("none");
    let is_fit = match kind {
        "string" => value.is_string() || value.is_number(),
        "boolean" => value.is_bool(),
        "integer" => value.is_i64() || value.is_u64(),
        "steps" => value.is_sequence(),
        "executor" => value.is_string() || value.is_mapping(),
        "env_var_name" => value.as_str().is_some_and(is_variable_name),
        "enum" => {
            let members = parameter.get("enum").and_then(Value::as_sequence);
            members.is_some_and(|members| members.contains(value))
        }
        unknown => return Err(format!("has the unknown type `{unknown}`")),
    };
    if is_fit { Ok(()) } else { Err(format!("is not of type {kind}")) }
}

/// Checks what is given to an element: every name declared, every required one given, every value fitting.
/// `outer` are the parameters that a reference in the values may name.
pub(crate) fn check_given(target: &Mapping, given: &Mapping, outer: &Mapping) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, value) in given {
        let shown = name.as_str().unwrap_or_default();
        let Some(parameter) = target.get(name) else {
            findings.push(format!("the parameter `{shown}` does not exist"));
            continue;
        };
        let passed = whole_reference(value).and_then(|name| outer.get(name));
        if let Some(passed) = passed {
            if (passed.get("type"), passed.get("enum"))
                != (parameter.get("type"), parameter.get("enum"))
            {
                findings.push(format!("`{shown}` is passed on with another type"));
            }
        } else if whole_reference(value).is_none()
            && !is_expression(value)
            && let Err(why) = fits(parameter, value)
        {
            findings.push(format!("the value of `{shown}` {why}"));
        }
    }
    for (name, parameter) in target {
        if parameter.get("default").is_none() && !given.contains_key(name) {
            let name = name.as_str().unwrap_or_default();
            findings.push(format!("the parameter `{name}` is required and not given"));
        }
    }
    findings
}

fn is_expression(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("<<"))
}

fn is_variable_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
