//! The shape of a JSON document: names and kinds, without the values.
//!
//! Values are told where the open question is a value: how long a token lives, whether a size is 0.

use jiff::Timestamp;
use serde_json::Value;

/// Numbers whose value is told.
const TOLD: [&str; 6] =
    ["expires_in", "size_bytes", "compressed_size_bytes", "total", "tag_count", "manifest_count"];

/// `{"token": text, "expires_in": 300}`.
pub(crate) fn of(value: &Value) -> String {
    named("", value)
}

fn named(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) if TOLD.contains(&name) => number.to_string(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => kind(text).to_owned(),
        Value::Array(entries) => match entries.as_slice() {
            [] => "[]".to_owned(),
            [first, ..] => format!("[{} × {}]", entries.len(), named(name, first)),
        },
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("\"{name}\": {}", named(name, value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

fn kind(text: &str) -> &'static str {
    match text {
        "" => "\"\"",
        text if text.starts_with("sha256:") => "digest",
        text if text.starts_with("https://") || text.starts_with("http://") => "address",
        text if text.parse::<Timestamp>().is_ok() => "time",
        _ => "text",
    }
}

/// In which order the entries of a list stand, by their tag and by their time.
pub(crate) fn order(list: &Value) -> String {
    let entries = list.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if entries.len() < 2 {
        return format!("{} tags: no order to be seen", entries.len());
    }
    let by = |name: &str| {
        let values: Vec<&str> = entries.iter().filter_map(|tag| tag.get(name)?.as_str()).collect();
        let same = values.windows(2).all(|pair| pair.first() == pair.last());
        match (values.is_sorted(), values.is_sorted_by(|left, right| left >= right)) {
            _ if same => "all the same",
            (true, _) => "ascending",
            (false, true) => "descending",
            (false, false) => "in no order",
        }
    };
    format!("{} tags; by tag: {}; by updated_at: {}", entries.len(), by("tag"), by("updated_at"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_names_fields_and_kinds_and_no_values() {
        let document = json!({
            "token": "eyJ0eXAi", "expires_in": 300, "read_only": false, "none": null, "count": 12,
            "tags": [{ "manifest_digest": "sha256:00", "updated_at": "2020-04-09T23:54:25Z" }, {}],
            "next": "https://api.digitalocean.com/v2/x", "empty": [], "size_bytes": [0],
        });
        insta::assert_snapshot!(of(&document), @r#"{"count": number, "empty": [], "expires_in": 300, "next": address, "none": null, "read_only": false, "size_bytes": [1 × 0], "tags": [2 × {"manifest_digest": digest, "updated_at": time}], "token": text}"#);
    }

    #[test]
    fn the_order_of_a_list_is_told_by_name_and_by_time() {
        let list = |tags: &[(&str, &str)]| {
            let tags: Vec<Value> =
                tags.iter().map(|(tag, at)| json!({ "tag": tag, "updated_at": at })).collect();
            order(&json!({ "tags": tags }))
        };
        assert_eq!(list(&[("a", "1")]), "1 tags: no order to be seen");
        assert_eq!(
            list(&[("a", "2"), ("b", "1")]),
            "2 tags; by tag: ascending; by updated_at: descending"
        );
        assert_eq!(
            list(&[("b", "1"), ("a", "1"), ("c", "1")]),
            "3 tags; by tag: in no order; by updated_at: all the same"
        );
    }
}
