//! Texts of a given length that cost a parser as much as they can.

/// So many bytes of `head`, then of `unit` again and again.
pub(crate) fn filled(head: &str, unit: &str, bytes: usize) -> String {
    let count = bytes.saturating_sub(head.len()) / unit.len();
    format!("{head}{}", unit.repeat(count))
}

/// So many bytes of `head`, then of what `unit` makes of 0, 1, 2, …, then `tail`.
pub(crate) fn counted(
    head: &str,
    unit: impl Fn(usize) -> String,
    tail: &str,
    bytes: usize,
) -> String {
    let mut text = head.to_owned();
    for number in 0.. {
        let next = unit(number);
        if text.len() + next.len() + tail.len() > bytes {
            break;
        }
        text.push_str(&next);
    }
    text.trim_end_matches(',').to_owned() + tail
}

/// What `line` makes of 0, 1, 2, …, so many of them.
pub(crate) fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0..count {
        text.push_str(&line(number));
    }
    text
}

/// A list in a list, so many levels deep.
pub(crate) fn nested(levels: usize) -> String {
    format!("{}0{}", "[".repeat(levels), "]".repeat(levels))
}

/// YAML that is known to trouble scanners, each form at a length of `bytes`.
pub(crate) fn yaml(bytes: usize) -> Vec<(&'static str, String)> {
    let closed = format!("{},", nested(60));
    vec![
        ("open brackets", filled("x: ", "[", bytes)),
        ("closed nests", filled("x: [", &closed, bytes)),
        ("braces", filled("x: ", "{a: ", bytes)),
        ("dashes", filled("", "- ", bytes)),
        ("question marks", filled("", "? ", bytes)),
        ("colons", filled("", ": ", bytes)),
        ("aliases", filled("a: &a [x]\nb: [", "*a,", bytes)),
        (
            "aliases of aliases",
            counted(
                "a0: &a0 [x,x,x,x,x,x,x,x,x]\n",
                |n| {
                    let alias = format!("*a{n},").repeat(9);
                    format!("a{}: &a{} [{}]\n", n + 1, n + 1, alias.trim_end_matches(','))
                },
                "",
                bytes,
            ),
        ),
        ("anchors", counted("", |n| format!("k{n}: &k{n} x\n"), "", bytes)),
        ("quotes", filled("x: \"", "\\\"", bytes)),
        ("single quotes", filled("x: '", "''", bytes)),
        ("keys", counted("", |n| format!("k{n}: 1\n"), "", bytes)),
        ("one key again and again", filled("", "k: 1\n", bytes)),
        ("comments", filled("", "#\n", bytes)),
        ("lines of a plain text", filled("x: a\n", " b\n", bytes)),
        ("empty lines of a folded text", filled("x: >\n  a", "\n", bytes)),
        ("indentation", counted("", |n| format!("{}a:\n", " ".repeat(n)), "", bytes)),
        ("documents", filled("", "---\n", bytes)),
        ("tags", filled("x: ", "!a ", bytes)),
        ("directives", counted("", |n| format!("%TAG !k{n}! x\n"), "", bytes)),
        ("one long word", filled("x: ", "a", bytes)),
        ("one long flow", filled("x: [", "a,", bytes)),
        ("simple keys in a flow", filled("x: [", "a b ", bytes)),
        ("carriage returns", filled("x: a", "\r", bytes)),
        ("line separators", filled("x: a", "\u{2028}", bytes)),
    ]
}

/// JSON that costs more than its bytes, each form at a length of `bytes`, as the value of a key in a document.
pub(crate) fn json(bytes: usize) -> Vec<(&'static str, String)> {
    let closed = format!("{},", nested(100));
    let list = |unit: &str| filled("[", unit, bytes - 4).trim_end_matches(',').to_owned() + "]";
    vec![
        ("open brackets", filled("", "[", bytes)),
        ("closed nests", list(&closed)),
        ("objects in objects", filled("", "{\"a\":", bytes)),
        ("numbers", list("1,")),
        ("one number of many digits", filled("1", "0", bytes)),
        ("one fraction of many digits", filled("0.1", "3", bytes)),
        ("escapes", filled("\"", "\\u00e9", bytes - 1) + "\""),
        ("empty objects", list("{},")),
        ("keys", counted("{", |n| format!("\"k{n}\":0,"), "}", bytes)),
        ("texts", counted("[", |n| format!("\"{n}\","), "]", bytes)),
    ]
}
