//! `WWW-Authenticate`: what a registry asks for (RFC 9110 §11.6.1, distribution-spec "token authentication").
//!
//! Reads only what is needed to decide which server to ask for a token. The scope is never taken from a challenge.

/// How many characters of a challenge are read at most. Real ones have a few hundred.
const LONGEST: usize = 8 << 10;

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A user name and password with each request.
    Basic,
    /// A token of the server named `realm`.
    Bearer {
        /// The token server's address, as it is written.
        realm: String,
        /// The registry's name there.
        service: Option<String>,
    },
}

/// Reads the header values of one answer. A Bearer challenge is preferred; `None` where there is neither.
pub(crate) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let mut basic = None;
    for value in values {
        for (scheme, parameters) in challenges(value.get(..LONGEST).unwrap_or(value)) {
            if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Challenge::Basic);
            } else if scheme.eq_ignore_ascii_case("bearer") {
                // A duplicate parameter is ambiguous.
                let one = |name: &str| {
                    let mut found =
                        parameters.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
                    let value = found.next().map(|(_, value)| value.clone());
                    value.filter(|_| found.next().is_none())
                };
                if let Some(realm) = one("realm") {
                    return Some(Challenge::Bearer { realm, service: one("service") });
                }
            }
        }
    }
    basic
}

type Parameters = Vec<(String, String)>;

/// Splits a header value into its challenges: `Scheme key=value, key="quoted", Scheme …`.
fn challenges(value: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let word_end = rest.find([' ', '\t', ',', '=', '"']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(word_end);
        if word.is_empty() {
            return found;
        }
        let after = after.trim_start_matches([' ', '\t']);
        if let Some(after) = after.strip_prefix('=') {
            let after = after.trim_start_matches([' ', '\t']);
            let Some((text, after)) = parameter_value(after) else { return found };
            if let Some((_, parameters)) = found.last_mut() {
                parameters.push((word.to_owned(), text));
            }
            rest = after;
        } else {
            found.push((word.to_owned(), Vec::new()));
            rest = after;
        }
    }
}

/// A token or a quoted string, and what follows it. `None` for a quote that never ends.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',', '"']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        // Stop at a stray quote, which would become a word of its own.
        return (!rest.starts_with('"')).then(|| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(at + 1..).unwrap_or_default())),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&str]) -> String {
        match parse(values.iter().copied()) {
            None => "none".to_owned(),
            Some(Challenge::Basic) => "Basic".to_owned(),
            Some(Challenge::Bearer { realm, service }) => {
                format!("Bearer {realm} {}", service.as_deref().unwrap_or("-"))
            }
        }
    }

    #[test]
    fn challenges_of_real_registries_and_of_others() {
        let long = format!("Bearer realm=\"{}\"", "x".repeat(20_000));
        let table: [&[&str]; 17] = [
            &[
                r#"Bearer realm="https://api.digitalocean.com/v2/registry/auth",service="registry.digitalocean.com""#,
            ],
            &[
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull""#,
            ],
            &[
                r#"Basic realm="https://123.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#,
            ],
            &[r#"bearer REALM="https://ghcr.io/token" , Service = ghcr.io"#],
            &[r#"Basic realm="a", Bearer realm="https://b/""#],
            &[r#"Bearer realm="https://b/", Basic realm="a""#],
            &["Basic realm=\"a\"", "Bearer realm=\"https://b/\""],
            &["Negotiate", "NTLM abc="],
            &[r#"Bearer realm="a\"b\\c""#],
            &[r#"Bearer realm="https://a/",realm="https://b/""#],
            &[r#"Bearer realm="https://never-closed"#],
            &["Bearer"],
            &["Bearer service=\"x\""],
            &[""],
            &[", ,,= \""],
            &["Bearer realm=https://a/\"x"],
            &[&long],
        ];
        let table: Vec<String> = table.iter().map(|values| read(values)).collect();
        insta::assert_snapshot!(table.join("\n"), @r#"
        Bearer https://api.digitalocean.com/v2/registry/auth registry.digitalocean.com
        Bearer https://auth.docker.io/token registry.docker.io
        Basic
        Bearer https://ghcr.io/token ghcr.io
        Bearer https://b/ -
        Bearer https://b/ -
        Bearer https://b/ -
        none
        Bearer a"b\c -
        none
        none
        none
        none
        none
        none
        none
        none
        "#);
    }

    proptest! {
        #[test]
        fn any_header_is_survived(text: String, other in "[a-zA-Z=\", \\\\]{0,60}") {
            let _ = parse([text.as_str(), other.as_str()].into_iter());
        }

        #[test]
        fn a_quoted_realm_reads_back(realm in "[ -!#-\\[\\]-~]{1,40}") {
            let header = format!("Bearer realm=\"{realm}\"");
            prop_assert_eq!(parse([header.as_str()].into_iter()), Some(Challenge::Bearer { realm, service: None }));
        }
    }
}
