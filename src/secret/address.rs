//! The user name and password in an address: `https://user:password@host/path`.

use std::borrow::Cow;

/// Splits what follows the `://` of an address into its user name with password, and the rest.
pub(crate) fn split_user(rest: &str) -> (Option<&str>, &str) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.rsplit_once('@') {
        Some((user, _)) => (Some(user), rest.get(user.len() + 1..).unwrap_or_default()),
        None => (None, rest),
    }
}

/// The password behind a user name. Empty where there is none.
pub(crate) fn password_of(user: &str) -> &str {
    user.split_once(':').map_or("", |(_, password)| password)
}

/// Masks everything before the last `@` of a text that may be no address at all. Unlike [`split_user`], it hides a
/// password with a `/` in it, and more than a password rather than less.
pub(crate) fn without_user(text: &str) -> Cow<'_, str> {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("***@{rest}").into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_has_a_user() {
        assert_eq!(split_user("user:pass@host/path"), (Some("user:pass"), "host/path"));
        assert_eq!(split_user("user:p@ss@host"), (Some("user:p@ss"), "host"));
        assert_eq!(split_user("host/a/b@c"), (None, "host/a/b@c"));
        assert_eq!(split_user("host?x=a:b@c"), (None, "host?x=a:b@c"));
        assert_eq!(split_user("@host"), (Some(""), "host"));
        assert_eq!(split_user(""), (None, ""));
        assert_eq!((password_of("user:p:q"), password_of("user")), ("p:q", ""));
    }

    #[test]
    fn a_text_that_is_shown_has_nothing_before_its_last_at_sign() {
        assert_eq!(without_user("https://user:pa/ss@host/path"), "***@host/path");
        assert_eq!(without_user("host/path"), "host/path");
    }
}
