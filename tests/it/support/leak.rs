//! Looks for a secret in everything that a run leaves behind, in each form that it could take.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The secrets of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Adds a secret. Shorter than eight characters it could not be looked for.
    pub(super) fn hide(&mut self, secret: &str) {
        if secret.len() >= 8 {
            self.0.push(secret.to_owned());
        }
    }

    /// Panics when `text` holds one of them, whole, encoded, or by its first or last eight characters.
    /// What is found is not shown.
    pub(super) fn assert_absent(&self, place: &str, text: &str) {
        for (number, secret) in (1..).zip(&self.0) {
            for (form, needle) in forms(secret) {
                assert!(!text.contains(&needle), "{place} holds secret {number} ({form})");
            }
        }
    }
}

fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let mut forms = vec![
        ("whole", secret.to_owned()),
        ("percent-encoded", percent_encoded(secret)),
        ("quoted", format!("{secret:?}").trim_matches('"').to_owned()),
    ];
    // The head of a JWT is the same in all of them and no secret: its last characters are.
    if !secret.starts_with("eyJ") {
        forms.extend(secret.get(..8).map(|first| ("first 8", first.to_owned())));
    }
    forms.extend(secret.get(secret.len() - 8..).map(|last| ("last 8", last.to_owned())));
    for before in 0..3 {
        let padded = [&vec![0; before], secret.as_bytes()].concat();
        let whole = padded.len() / 3 * 4;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&padded);
            let stable = encoded.get(if before == 0 { 0 } else { before + 1 }..whole);
            forms.extend(stable.map(|stable| ("base64", stable.to_owned())));
        }
    }
    forms
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => drop(write!(encoded, "%{other:02X}")),
        }
        encoded
    })
}

#[test]
fn a_secret_is_found_in_every_form() {
    let mut secrets = Secrets::default();
    secrets.hide("dop_v1_0123/456+789");
    let found =
        |text: &str| std::panic::catch_unwind(|| secrets.assert_absent("it", text)).is_err();
    assert!(!found("nothing of it: dop_v1"));
    assert!(found("x dop_v1_0123/456+789 y"));
    assert!(found("dop_v1_0…"), "its first eight characters");
    assert!(found("…/456+789"), "its last eight characters");
    assert!(found("dop_v1_%30 dop_v1_0123%2F456%2B789"));
    for user in ["", "t:", "to:", "token:", "somebody@example.com:"] {
        let basic = STANDARD_NO_PAD.encode(format!("{user}dop_v1_0123/456+789"));
        assert!(found(&format!("Basic {basic}")), "{user}");
    }
}
