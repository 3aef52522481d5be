//! What looks like a secret in a config file. The record hands a service's variables on, and is an
//! artifact that nobody masks.

use crate::secret::{password_of, split_user};

/// Whether a variable's name or value is a secret's, as far as can be told.
pub(super) fn looks_secret(key: &str, value: &str) -> bool {
    const PARTS: [&str; 6] = ["PASSWORD", "PASSWD", "SECRET", "CREDENTIAL", "APIKEY", "PRIVATE"];
    const WORDS: [&str; 8] = ["TOKEN", "TOKENS", "KEY", "KEYS", "PASS", "PWD", "PASSPHRASE", "DSN"];
    let upper = key.to_ascii_uppercase();
    let words = words(key);
    let public = words.iter().any(|word| word == "PUBLIC" || word == "PUBLISHABLE");
    (!public && words.iter().any(|word| WORDS.contains(&word.as_str())))
        || PARTS.iter().any(|part| upper.contains(part))
        || holds_password(value)
}

/// The words of `SNAKE_CASE` and `camelCase`, in upper case.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for character in key.chars() {
        if character == '_' || (was_lower && character.is_ascii_uppercase()) {
            words.push(String::new());
        }
        was_lower = character.is_ascii_lowercase();
        if let Some(word) = words.last_mut()
            && character != '_'
        {
            word.push(character.to_ascii_uppercase());
        }
    }
    words
}

/// Whether an address has a user name and a password in it.
fn holds_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let (user, _) = split_user(rest);
    user.is_some_and(|user| !password_of(user).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names_and_addresses_by_their_passwords() {
        for key in [
            "API_TOKEN",
            "apiToken",
            "DB_PASSWORD",
            "SECRET",
            "STRIPE_KEY",
            "privateKey",
            "APIKEY",
            "MY_SECRET_1",
            "NEXT_PUBLIC_SECRET",
            "SENTRY_DSN",
            "db_pass",
        ] {
            assert!(looks_secret(key, "x"), "{key}");
        }
        for key in [
            "NODE_ENV",
            "PORT",
            "TOKENIZER",
            "KEYCLOAK_URL",
            "MONKEY",
            "NEXT_PUBLIC_MAPS_KEY",
            "AUTHOR",
            "COMPASS",
        ] {
            assert!(!looks_secret(key, "x"), "{key}");
        }
        assert!(looks_secret("DATABASE_URL", "postgres://app:hunter2@db:5432/app"));
        assert!(!looks_secret("DATABASE_URL", "postgres://app@db:5432/app?x=a:b@c"));
        assert!(!looks_secret("DATABASE_URL", "https://example.com/a:b@c"));
    }
}
