//! DigitalOcean's token: where it comes from, and what it may look like. No message holds any of it.

use std::ffi::OsString;

use crate::secret::{Redactor, Secret};
use crate::settings::Token;
use crate::settings::doctl;
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::variables::{StandardVariables, TOKEN, Variables};

/// No token is longer.
const LONGEST: usize = 4 * 1024;

/// What is odd in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Oddity {
    /// Not UTF-8.
    #[error("is not valid UTF-8")]
    NotUnicode,
    /// White space alone.
    #[error("holds nothing but white space")]
    Blank,
    /// Longer than any token.
    #[error("is longer than 4 KiB")]
    TooLong,
    /// `Bearer …`.
    #[error("starts with `Bearer`")]
    Bearer,
    /// Quotation marks.
    #[error("holds a quotation mark")]
    Quoted,
    /// White space inside.
    #[error("holds white space between its characters")]
    Space,
    /// A dollar sign or a brace: a variable that nobody expanded.
    #[error("holds a `$` or a brace, as if a variable had not been expanded")]
    NotExpanded,
    /// A control character.
    #[error("holds a control character")]
    Control,
    /// Any other character that no token has.
    #[error("holds a character that no token has")]
    Character,
}

fn odd(place: &str, oddity: Oddity) -> UsageError {
    UsageError::new(format!("the token in {place} {oddity}"))
        .hint("set it to the token alone, without quotation marks, `Bearer` or white space")
}

/// Where a token is set.
fn set(name: &str) -> String {
    format!(
        "in CircleCI, set `{name}` under Project Settings > Environment Variables or in a context that the job \
         names;\non your own machine, export it"
    )
}

/// Hides whatever stands in the variables that can hold a token, before anything can be shown.
pub(super) fn hide(
    lookup: &dyn Fn(&str) -> Option<OsString>,
    redactor: &Redactor,
    named: Option<&str>,
) {
    for name in [Some(TOKEN), named].into_iter().flatten() {
        if let Some(value) = lookup(name) {
            let value = value.to_string_lossy();
            redactor.hide(&Secret::new(&value));
            redactor.hide(&Secret::new(value.trim()));
            let bare = value.trim().trim_matches(['"', '\'']);
            redactor.hide(&Secret::new(bare.trim_start_matches("Bearer ").trim()));
        }
    }
}

/// The token, and what is to be said of it.
pub(super) fn find(
    variables: Variables<'_>,
    standard: &StandardVariables,
    named: Option<&str>,
) -> Result<(Token, Option<String>), UsageError> {
    let redactor = variables.redactor;
    let name = named.unwrap_or(TOKEN);
    if let Some(value) = (variables.lookup)(name).filter(|value| !value.is_empty()) {
        let place = format!("the variable {}", Shown::new(name, redactor));
        let odd = |oddity| odd(&place, oddity);
        let value = value.into_string().map_err(|_| odd(Oddity::NotUnicode))?;
        let (secret, trimmed) = read(&value).map_err(odd)?;
        let note = trimmed.then(|| format!("white space around the token in {place} was ignored"));
        return Ok((Token { secret, source: place }, note));
    }
    if named.is_some() {
        let name = Shown::new(name, redactor);
        return Err(UsageError::new(format!(
            "there is no DigitalOcean token: the variable {name}, which `--token-env` names, is not set"
        ))
        .hint(set(name.as_str())));
    }
    let Some(stored) = doctl::stored(standard, redactor)? else {
        return Err(UsageError::new(
            "there is no DigitalOcean token: `DIGITALOCEAN_ACCESS_TOKEN` is not set, and doctl has stored none",
        )
        .hint(format!(
            "{}, or run `doctl auth init`;\nwhere the token is in a variable of another name, give that name with \
             `--token-env`.\ndocker's login is not used for DigitalOcean: its API needs the token itself",
            set(TOKEN)
        )));
    };
    let (secret, _) = read(&stored.token).map_err(|oddity| odd(&stored.source, oddity))?;
    redactor.hide(&secret);
    Ok((Token { secret, source: stored.source }, None))
}

/// The token of a text, and whether white space was taken away at its ends.
fn read(text: &str) -> Result<(Secret, bool), Oddity> {
    if text.len() > LONGEST {
        return Err(Oddity::TooLong);
    }
    let token = text.trim();
    if token.is_empty() {
        return Err(Oddity::Blank);
    }
    if token.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("bearer"))
        && token.get(6..).is_some_and(|rest| rest.starts_with(char::is_whitespace))
    {
        return Err(Oddity::Bearer);
    }
    let oddity = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' | '+' | '/' | '=' => None,
        '"' | '\'' | '`' | '“' | '”' | '‘' | '’' => Some(Oddity::Quoted),
        '$' | '{' | '}' => Some(Oddity::NotExpanded),
        space if space.is_whitespace() => Some(Oddity::Space),
        control if control.is_control() => Some(Oddity::Control),
        _ => Some(Oddity::Character),
    };
    match token.chars().find_map(oddity) {
        Some(oddity) => Err(oddity),
        None => Ok((Secret::new(token), token.len() < text.len())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "dop_v1_0123456789abcdef0123456789abcdef";

    fn odd(text: &str) -> Oddity {
        read(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn white_space_at_the_ends_is_taken_away() {
        for (text, trimmed) in [(TOKEN.to_owned(), false), (format!(" {TOKEN}\r\n"), true)] {
            assert_eq!(read(&text), Ok((Secret::new(TOKEN), trimmed)));
        }
    }

    #[test]
    fn anything_else_that_is_odd_is_refused() {
        assert_eq!(odd(" \n"), Oddity::Blank);
        assert_eq!(odd(&format!("\"{TOKEN}\"")), Oddity::Quoted);
        assert_eq!(odd(&format!("'{TOKEN}'")), Oddity::Quoted);
        assert_eq!(odd(&format!("Bearer {TOKEN}")), Oddity::Bearer);
        assert_eq!(odd(&format!("bearer\t{TOKEN}")), Oddity::Bearer);
        assert_eq!(odd("a b"), Oddity::Space);
        assert_eq!(odd("a\nb"), Oddity::Space);
        assert_eq!(odd("a\u{7}b"), Oddity::Control);
        assert_eq!(odd("$DIGITALOCEAN_ACCESS_TOKEN"), Oddity::NotExpanded);
        assert_eq!(odd("${TOKEN}"), Oddity::NotExpanded);
        assert_eq!(odd("<nil>"), Oddity::Character);
        assert_eq!(odd("tökén"), Oddity::Character);
        assert_eq!(odd(&"a".repeat(10 * 1024 * 1024)), Oddity::TooLong);
    }

    proptest! {
        #[test]
        fn any_text_is_survived_and_a_token_is_a_header_value(text: String) {
            if let Ok((secret, _)) = read(&text) {
                prop_assert!(secret.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
