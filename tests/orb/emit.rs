//! Writes the packed orb as YAML that means the same to YAML 1.1 and 1.2 readers.
//!
//! CircleCI's compiler reads a plain `off` as a boolean, and the library's writer leaves it plain; so every
//! string that is not plainly a word or a sentence of words is quoted here.

use serde_yaml::Value;

/// The document, ending with a newline.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Mapping(map) if !map.is_empty() => {
            for (key, value) in map {
                out.push_str(&indent);
                out.push_str(&scalar(key));
                out.push(':');
                entry(value, depth, out);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            for item in items {
                let mut text = String::new();
                block(item, depth + 1, &mut text);
                out.push_str(&indent);
                out.push_str("- ");
                out.push_str(text.trim_start_matches(' '));
            }
        }
        other @ (Value::Mapping(_)
        | Value::Sequence(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Tagged(_)) => {
            out.push_str(&indent);
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

/// What stands behind a key.
fn entry(value: &Value, depth: usize, out: &mut String) {
    let nested = match value {
        Value::Mapping(map) => !map.is_empty(),
        Value::Sequence(items) => !items.is_empty(),
        Value::String(text) if is_literal(text) => {
            let indent = "  ".repeat(depth + 1);
            out.push_str(if text.ends_with('\n') { " |\n" } else { " |-\n" });
            for line in text.lines() {
                let line = if line.is_empty() { String::new() } else { format!("{indent}{line}") };
                out.push_str(&line);
                out.push('\n');
            }
            return;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {
            false
        }
    };
    if nested {
        out.push('\n');
        block(value, depth + 1, out);
    } else {
        out.push(' ');
        out.push_str(&scalar(value));
        out.push('\n');
    }
}

/// Whether a text of several lines can stand as it is in a block.
fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control())
        && text.lines().all(|line| !line.ends_with(' '))
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        // A JSON document is a YAML document, strings and empty collections included.
        other @ (Value::String(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Tagged(_)) => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn is_plain(text: &str) -> bool {
    const RESERVED: [&str; 10] =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !text.ends_with(' ')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" _-./,".contains(&byte))
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_as_what_it_was() {
        let text = "a: [off, \"no\", 'Y', ~, 1, 2.1, true, {}, [], [[x, y: z]]]\nb: |\n  #!/bin/sh\n\n  \
                    \\<<END\nc: \"two\\nlines\"\nd: \" x\\n y\"\n\"on\": \"# : - & * ! % @ `\"\ne: {f: {g: []}}\nh: sha256:1\n";
        let value: Value = serde_yaml::from_str(text).unwrap();
        let emitted = to_yaml(&value);
        assert_eq!(serde_yaml::from_str::<Value>(&emitted).unwrap(), value, "{emitted}");
        insta::assert_snapshot!(emitted, @r##"
        a:
          - "off"
          - "no"
          - "Y"
          - null
          - 1
          - 2.1
          - true
          - {}
          - []
          - - - x
              - "y": z
        b: |
          #!/bin/sh

          \<<END
        c: |-
          two
          lines
        d: " x\n y"
        "on": "# : - & * ! % @ `"
        e:
          f:
            g: []
        h: "sha256:1"
        "##);
    }
}
