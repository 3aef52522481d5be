//! See [`crate::fuzzing`].
#![expect(clippy::expect_used, reason = "the fuzzer ends at the first surprise")]

use std::fs::File;
use std::io::Write as _;
use std::sync::LazyLock;

use hyper::HeaderMap;
use tempfile::TempDir;

use super::challenge::{self, Challenge};
use super::docker_config::{Candidate, Source, WireConfig};
use super::login::Login;
use super::token;
use crate::fuzzing::{SECRET, assert_shown, redactor};
use crate::http::{Answer, Authorization};
use crate::oci::RegistryHost;
use crate::secret::Redactor;

/// A token that is sent on fits into a header, and is not shown.
pub(crate) fn token_body(bytes: &[u8]) {
    let redactor = redactor();
    for status in [200, 401, 404, 302, 418] {
        let answer = Answer::for_tests(status, HeaderMap::new(), bytes);
        match token::read(&answer, &redactor) {
            Ok(token) => {
                let text = token.expose();
                assert!(status == 200 && (1..=16 << 10).contains(&text.len()));
                assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'));
                assert!(text.len() < 8 || !format!("{token:?}").contains(text));
            }
            Err(why) => {
                assert_shown(&why.message);
                assert!(!why.message.contains(SECRET), "{}", why.message);
            }
        }
    }
}

/// What was read of a challenge is read of one that is written with it.
pub(crate) fn challenge(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some(Challenge::Bearer { realm, service }) = challenge::parse(text.lines()) else { return };
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut written = format!("Bearer realm=\"{}\"", quoted(&realm));
    if let Some(service) = &service {
        written = format!("{written},service=\"{}\"", quoted(service));
    }
    if written.len() < 8 << 10 {
        let again = challenge::parse([written.as_str()].into_iter());
        assert_eq!(again, Some(Challenge::Bearer { realm, service }), "{written}");
    }
}

/// No part of a docker config is in a message, no other registry's key is taken, and a login is one header.
pub(crate) fn docker_config(bytes: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
    let path = FOLDER.path().join("config.json");
    File::create(&path).and_then(|mut file| file.write_all(bytes)).expect("a file of our own");
    for (host, repository) in [("registry.example:5000", "team/app"), ("docker.io", "library/app")]
    {
        let redactor = Redactor::default();
        let host = host.parse::<RegistryHost>().expect("a host");
        let places = match WireConfig::read(&path) {
            Ok(config) => config.places(&host),
            Err(said) => return assert_shown(&said),
        };
        for Candidate { key, source } in places.of(repository) {
            let key = key.to_ascii_lowercase();
            assert!(key.contains(host.as_str()) || key.contains("docker.io"), "{key}");
            match source {
                Source::Program(name) => assert_ne!(name, ""),
                Source::Stored(stored) => match stored.login(&redactor) {
                    Ok(Login::Password(login)) => {
                        assert!(matches!(login, Authorization::Basic(_)), "{login:?}");
                        let text = login.credentials().expose();
                        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
                        assert!(!format!("{login:?}").contains(text));
                    }
                    Ok(Login::Identity(token)) => assert_ne!(token.expose(), ""),
                    Err(said) => assert_shown(said),
                },
            }
        }
    }
}
