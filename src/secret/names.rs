//! Names of variables that are likely to hold a secret.

/// The words that mark a variable's name as a secret's. A config file comes with the checkout, and a tag is sent
/// to the host that the file names: it must not be able to send any variable of the job there.
const SECRET_WORDS: [&str; 16] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PWD",
    "KEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "AUTH",
    "PAT",
    "JWT",
    "DSN",
    "PRIVATE",
    "WEBHOOK",
    "COOKIE",
];

/// Whether a variable's name has a secret's word as one of its own.
pub fn has_secret_word(name: &str) -> bool {
    name.split('_').any(|part| SECRET_WORDS.iter().any(|word| part.eq_ignore_ascii_case(word)))
}
