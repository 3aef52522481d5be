//! Packs an orb's sources into the one file that CircleCI takes, as `circleci orb pack` does.
//!
//! The two generations of that command differ; this takes only what both pack to the same document, and
//! refuses the rest by name: embedded or repeated includes, nested folders, other top-level keys.

use serde_yaml::{Mapping, Value};

use crate::emit::to_yaml;
use crate::source::Source;

/// The folders whose files become elements, and the packed order of the top level.
const SECTIONS: [&str; 4] = ["commands", "executors", "jobs", "examples"];
const TOP_LEVEL: [&str; 8] =
    ["version", "description", "display", "orbs", "commands", "executors", "jobs", "examples"];
const EXAMPLE: [&str; 3] = ["description", "usage", "result"];
const USAGE: [&str; 5] = ["version", "setup", "orbs", "jobs", "workflows"];

/// Why sources cannot be packed: one sentence that names the file.
pub(crate) type PackError = String;

/// The packed orb.
pub(crate) fn pack(source: &Source) -> Result<Value, PackError> {
    let root = source.files.get("@orb.yml").ok_or("`@orb.yml` is missing")?;
    let mut top = parse("@orb.yml", root)?;
    for path in source.files.keys() {
        let Some((section, name)) = element(path)? else { continue };
        let text = source.files.get(path).map_or("", String::as_str);
        let mut body = Value::Mapping(parse(path, text)?);
        if section == "examples" {
            only_known(path, &body, &EXAMPLE)?;
            if let Some(usage) = body.get("usage") {
                only_known(path, usage, &USAGE)?;
            }
        } else {
            include(path, &mut body, source)?;
        }
        let elements = top
            .entry(section.into())
            .or_insert_with(|| Value::Mapping(Mapping::new()))
            .as_mapping_mut()
            .ok_or_else(|| format!("`{section}` in `@orb.yml` is not a map"))?;
        if elements.insert(name.into(), body).is_some() {
            return Err(format!("`{path}` gives `{name}` in `{section}` a second time"));
        }
    }
    only_known("@orb.yml", &Value::Mapping(top.clone()), &TOP_LEVEL)?;
    let ordered = TOP_LEVEL.iter().filter_map(|key| {
        let value = top.get(*key)?.clone();
        Some((Value::from(*key), sorted(value)))
    });
    Ok(Value::Mapping(ordered.collect()))
}

/// The packed orb as text, as it is committed.
pub(crate) fn pack_to_text(source: &Source) -> Result<String, PackError> {
    Ok(to_yaml(&pack(source)?))
}

/// The section and the name of the element that a file holds; `None` for a file that is not packed.
fn element(path: &str) -> Result<Option<(&str, &str)>, PackError> {
    let Some(stem) = path.strip_suffix(".yml").or_else(|| path.strip_suffix(".yaml")) else {
        return Ok(None);
    };
    match stem.split_once('/') {
        None if path == "@orb.yml" => Ok(None),
        None => Err(format!("`{path}`: only `@orb.yml` belongs in the root")),
        Some((section, name)) if SECTIONS.contains(&section) && !name.contains('/') => {
            Ok(Some((section, name)))
        }
        Some(_) => Err(format!("`{path}`: a YAML file outside the four flat folders")),
    }
}

fn parse(path: &str, text: &str) -> Result<Mapping, PackError> {
    match serde_yaml::from_str(text).map_err(|error| format!("`{path}`: {error}"))? {
        Value::Mapping(map) => Ok(map),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Sequence(_) => {
            Err(format!("`{path}`: expected a map"))
        }
        Value::Tagged(_) => Err(format!("`{path}`: expected a map without a tag")),
    }
}

fn only_known(path: &str, value: &Value, known: &[&str]) -> Result<(), PackError> {
    let map = value.as_mapping().ok_or_else(|| format!("`{path}`: expected a map"))?;
    let mut keys = map.keys().map(|key| key.as_str().unwrap_or("a key that is not a string"));
    match keys.find(|key| !known.contains(key)) {
        Some(key) => Err(format!("`{path}`: `{key}` would be dropped by packing")),
        None => Ok(()),
    }
}

/// Puts the text of a file in the place of every `<<include(file)>>`, with each `<<` in it escaped, so that a
/// heredoc is not taken for a parameter.
fn include(path: &str, value: &mut Value, source: &Source) -> Result<(), PackError> {
    match value {
        Value::String(text) => {
            if let Some(file) = included(path, text)? {
                let content = source
                    .files
                    .get(&file)
                    .ok_or_else(|| format!("`{path}`: could not open `{file}` for inclusion"))?;
                *text = content.replace("<<", "\\<<");
            }
            Ok(())
        }
        Value::Sequence(items) => items.iter_mut().try_for_each(|item| include(path, item, source)),
        Value::Mapping(map) => map.values_mut().try_for_each(|item| include(path, item, source)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Tagged(_) => Ok(()),
    }
}

/// The file that a scalar includes.
fn included(path: &str, text: &str) -> Result<Option<String>, PackError> {
    let statements: Vec<&str> = text
        .split("<<")
        .skip(1)
        .map(str::trim_start)
        .filter(|rest| rest.starts_with("include("))
        .collect();
    let [statement] = statements.as_slice() else {
        return match statements.len() {
            0 => Ok(None),
            _ => Err(format!("`{path}`: multiple include statements: `{text}`")),
        };
    };
    let file = statement
        .strip_prefix("include(")
        .and_then(|rest| rest.split_once(')'))
        .filter(|(_, end)| end.trim_start() == ">>" && text.starts_with("<<"))
        .map(|(file, _)| file)
        .ok_or_else(|| format!("`{path}`: entire string must be include statement: `{text}`"))?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/.".contains(&byte);
    if !file.bytes().all(is_plain) || file.split('/').any(|part| part == "..") {
        return Err(format!("`{path}`: `{file}` is not a file below the orb's root"));
    }
    Ok(Some(file.to_owned()))
}

/// The same document with the keys of every map in alphabetical order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Mapping(map) => {
            let mut entries: Vec<(Value, Value)> =
                map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(left, _), (right, _)| left.as_str().cmp(&right.as_str()));
            Value::Mapping(entries.into_iter().collect())
        }
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(sorted).collect()),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Tagged(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "version: 2.1\ndescription: An orb\n";
    const COMMAND: &str =
        "steps:\n  - run:\n      name: n\n      command: <<include(scripts/a.sh)>>\n";

    fn orb() -> Source {
        Source::default()
            .with("@orb.yml", ROOT)
            .with("commands/a.yml", COMMAND)
            .with("scripts/a.sh", "cat <<END\n<< not a parameter\nEND\n")
    }

    #[test]
    fn a_script_is_included_whole_and_its_heredoc_survives() {
        insta::assert_snapshot!(pack_to_text(&orb()).unwrap(), @r#"
        version: 2.1
        description: An orb
        commands:
          a:
            steps:
              - run:
                  command: |
                    cat \<<END
                    \<< not a parameter
                    END
                  name: "n"
        "#);
    }

    #[test]
    fn an_include_outside_the_elements_is_left_alone() {
        let source = orb().with("@orb.yml", "version: 2.1\ndescription: <<include(x)>>\n");
        assert_eq!(
            pack(&source).unwrap().get("description").unwrap(),
            &Value::from("<<include(x)>>")
        );
    }

    #[test]
    fn an_include_works_in_an_environment_too() {
        let source = orb().with("jobs/j.yml", "environment:\n  A: << include(scripts/a.sh) >>\n");
        let packed = pack(&source).unwrap();
        let value = packed["jobs"]["j"]["environment"]["A"].as_str().unwrap();
        assert!(value.starts_with("cat \\<<END"), "{value}");
    }

    #[test]
    fn what_the_two_generations_pack_differently_is_refused() {
        let refused = |path: &str, text: &str| pack(&orb().with(path, text)).unwrap_err();
        let mut without_root = orb();
        without_root.files.remove("@orb.yml");
        let messages = [
            pack(&without_root).unwrap_err(),
            refused("commands/b.yml", "a: <<include(scripts/a.sh)>> <<include(scripts/a.sh)>>\n"),
            refused("commands/b.yml", "a: sh -c <<include(scripts/a.sh)>>\n"),
            refused("commands/b.yml", "a: <<include(scripts/none.sh)>>\n"),
            refused("commands/b.yml", "a: <<include(../Cargo.toml)>>\n"),
            refused("commands/b.yml", "- a\n"),
            refused("commands/b.yml", ""),
            refused("commands/a.yaml", "a: 1\n"),
            refused("commands/deep/b.yml", "a: 1\n"),
            refused("fixtures/b.yml", "a: 1\n"),
            refused("other.yml", "a: 1\n"),
            refused("@orb.yml", "version: 2.1\nparameters: {}\n"),
            refused("examples/e.yml", "usage:\n  commands: {}\n"),
            refused("commands/b.yml", "a: 1\na: 2\n"),
        ];
        insta::assert_snapshot!(messages.join("\n"), @r#"
        `@orb.yml` is missing
        `commands/b.yml`: multiple include statements: `<<include(scripts/a.sh)>> <<include(scripts/a.sh)>>`
        `commands/b.yml`: entire string must be include statement: `sh -c <<include(scripts/a.sh)>>`
        `commands/b.yml`: could not open `scripts/none.sh` for inclusion
        `commands/b.yml`: `../Cargo.toml` is not a file below the orb's root
        `commands/b.yml`: expected a map
        `commands/b.yml`: expected a map
        `commands/a.yml` gives `a` in `commands` a second time
        `commands/deep/b.yml`: a YAML file outside the four flat folders
        `fixtures/b.yml`: a YAML file outside the four flat folders
        `other.yml`: only `@orb.yml` belongs in the root
        `@orb.yml`: `parameters` would be dropped by packing
        `examples/e.yml`: `commands` would be dropped by packing
        `commands/b.yml`: duplicate entry with key "a"
        "#);
    }
}
