use proptest::prelude::*;

use super::Type::{Bool, Bytes, Empty, Int, List, Map, Object, Text, Time, Words};
use super::*;

static INNER: Structure = Structure { names: &["Interval"], types: &[Int] };
static OUTER: Structure = Structure {
    names: &[
        "text", "number", "flag", "time", "data", "set", "words", "list", "map", "inner", "inners",
    ],
    types: &[
        Text,
        Int,
        Bool,
        Time,
        Bytes,
        Map(&Empty),
        Words,
        List(&Text),
        Map(&Text),
        Object(&INNER),
        List(&Object(&INNER)),
    ],
};

fn is_json(document: &[u8]) -> bool {
    Json::read(document).is_some()
}

fn told(document: &str) -> String {
    let Some(json) = Json::read(document.as_bytes()) else { return "no JSON".to_owned() };
    match json.mismatch(&OUTER) {
        Some(Mismatch { path, expected, found }) => format!("{path} is {found}, not {expected}"),
        None => "taken".to_owned(),
    }
}

#[test]
fn every_type_takes_what_go_takes() {
    for document in [
        "null",
        "{}",
        r#"{"text":null,"number":null,"flag":null,"time":null,"data":null,"set":null,"words":null,"list":null}"#,
        r#"{"text":"a\ud800","number":-3,"flag":true,"time":"2026-11-01T10:00:00Z","data":"YQ=="}"#,
        r#"{"set":{"1/tcp":{"a":1},"b":null},"words":"a","list":["a",null],"map":{"a":"b","c":null}}"#,
        r#"{"words":["a",null],"inner":{"interval":1,"other":[{}]},"inners":[{"Interval":1},null,{}]}"#,
        r#"{"other":{"text":1},"texts":1}"#,
    ] {
        assert_eq!(told(document), "taken", "{document}");
    }
}

#[test]
fn the_first_field_of_another_type_is_named() {
    let told = [
        "[]",
        r#"{"text":1}"#,
        r#"{"TEXT":{}}"#,
        r#"{"text":"a","text":true}"#,
        r#"{"number":1.0}"#,
        r#"{"number":1e3}"#,
        r#"{"number":9223372036854775808}"#,
        r#"{"number":"1"}"#,
        r#"{"flag":"true"}"#,
        r#"{"time":""}"#,
        r#"{"time":1}"#,
        r#"{"data":"YQ"}"#,
        r#"{"data":"a b="}"#,
        r#"{"set":{"1/tcp":[]}}"#,
        r#"{"set":["1/tcp"]}"#,
        r#"{"words":[1]}"#,
        r#"{"words":{}}"#,
        r#"{"list":"a"}"#,
        r#"{"list":["a",2]}"#,
        r#"{"map":{"a":1}}"#,
        r#"{"inner":{"Interval":"30s"}}"#,
        r#"{"\u0069nner":{"interval":[]},"text":1}"#,
        r#"{"inners":[{},{"interval":{}}]}"#,
    ]
    .map(|document| format!("{document}: {}", told(document)));
    insta::assert_snapshot!(told.join("\n"), @r#"
    []: the document is a list, not an object
    {"text":1}: text is a number, not a string
    {"TEXT":{}}: text is an object, not a string
    {"text":"a","text":true}: text is true or false, not a string
    {"number":1.0}: number is a number, not a whole number
    {"number":1e3}: number is a number, not a whole number
    {"number":9223372036854775808}: number is a number, not a whole number
    {"number":"1"}: number is a string, not a whole number
    {"flag":"true"}: flag is a string, not true or false
    {"time":""}: time is a string, not an RFC 3339 time
    {"time":1}: time is a number, not an RFC 3339 time
    {"data":"YQ"}: data is a string, not a string in base64
    {"data":"a b="}: data is a string, not a string in base64
    {"set":{"1/tcp":[]}}: set[…] is a list, not an object
    {"set":["1/tcp"]}: set is a list, not an object
    {"words":[1]}: words[0] is a number, not a string
    {"words":{}}: words is an object, not a string or a list of strings
    {"list":"a"}: list is a string, not a list
    {"list":["a",2]}: list[1] is a number, not a string
    {"map":{"a":1}}: map[…] is a number, not a string
    {"inner":{"Interval":"30s"}}: inner.Interval is a string, not a whole number
    {"\u0069nner":{"interval":[]},"text":1}: inner.Interval is a list, not a whole number
    {"inners":[{},{"interval":{}}]}: inners[1].Interval is an object, not a whole number
    "#);
}

#[test]
fn a_document_is_ten_thousand_deep_at_most_and_json() {
    let deep =
        |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(is_json(deep(10_000).as_bytes()));
    assert!(!is_json(deep(10_001).as_bytes()));
    for broken in
        ["", "{", "{\"text\":1", "{\"text\":1}x", "{\"text\":01}", "{'text':1}", "\u{feff}{}"]
    {
        assert!(!is_json(broken.as_bytes()), "{broken}");
    }
    assert!(is_json(b"{\"a\":\"\xff\"}"));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        if let Some(json) = Json::read(&bytes) {
            let _ = json.mismatch(&OUTER);
        }
    }

    #[test]
    fn json_is_what_another_reader_takes_for_it(text in "[\\[\\]{}:,\"a1.\\- tnule\\\\+E0]{0,12}") {
        let other = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(is_json(text.as_bytes()), other, "{}", text);
    }

    #[test]
    fn objects_of_known_names_are_walked_to_their_end(
        text in "\\{(\"(text|number|inner|list|x)\":(1|\"a\"|\\{\\}|\\[1,\"a\"\\]|null),?){0,4}\\}",
    ) {
        let _ = told(&text);
    }
}
