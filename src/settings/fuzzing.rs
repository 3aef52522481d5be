//! See [`crate::fuzzing`].
#![expect(clippy::expect_used, reason = "the fuzzer ends at the first surprise")]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use super::config::{Config, FILE_NAME};
use super::doctl;
use super::usage_error::UsageError;
use super::variables::StandardVariables;
use crate::fuzzing::{SECRET, assert_shown, redactor};
use crate::secret::Redactor;

/// What is wrong with a config can be shown, and a secret in it cannot be recovered from that.
pub(crate) fn config_file(bytes: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
    let redactor = redactor();
    let read = |bytes: &[u8]| match Config::of(bytes, Path::new("verify.yml"), &redactor) {
        Ok(config) => {
            let mistake = config.error(&["services", "api", "port"], UsageError::new("odd"));
            assert_shown(&mistake.to_string());
            assert_eq!(config.name(), "verify.yml");
            assert!(!config.has_service(""));
            Some(config.document)
        }
        Err(error) => {
            let shown = error.to_string();
            assert_shown(&shown);
            assert!(!shown.contains(SECRET), "{shown}");
            None
        }
    };
    let document = read(bytes);
    // Found in a folder, it is the same.
    File::create(FOLDER.path().join(FILE_NAME))
        .and_then(|mut file| file.write_all(bytes))
        .expect("a file of our own");
    for named in [None, Some(Path::new(FILE_NAME))] {
        let found = Config::find(FOLDER.path(), named, &redactor).ok().flatten();
        let is_same = found.map(|config| config.document) == document;
        assert!(is_same, "what is found in a folder reads otherwise");
    }
    // A mark of the byte order and other line ends are nothing of the document.
    if document.is_some() && !bytes.contains(&b'\r') && !bytes.starts_with(b"\xef\xbb\xbf") {
        let marked = [b"\xef\xbb\xbf", bytes].concat();
        let is_same = read(&marked) == document;
        assert!(is_same, "a mark of the byte order changes the document");
    }
}

/// A token of doctl's is in no text that is shown. The file is found and read as ever: in a folder of this process.
pub(crate) fn doctl_file(bytes: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));
    let path = FOLDER.path().join("doctl/config.yaml");
    std::fs::create_dir_all(FOLDER.path().join("doctl")).expect("a folder of our own");
    File::create(&path).and_then(|mut file| file.write_all(bytes)).expect("a file of our own");
    let folder = FOLDER.path().to_string_lossy().into_owned();
    for (context, named) in [(None, false), (Some("default"), true), (Some("Team"), true)] {
        let redactor = Redactor::default();
        let of_folder = folder.clone();
        doctl::hide(
            &|name| (name == "XDG_CONFIG_HOME").then(|| of_folder.clone().into()),
            &redactor,
        );
        let variables = StandardVariables {
            digitalocean_context: context.map(str::to_owned),
            digitalocean_config: named.then(|| path.to_string_lossy().into_owned()),
            xdg_config_home: Some(folder.clone()),
            ..StandardVariables::default()
        };
        match doctl::stored(&variables, &redactor) {
            Ok(None) => {}
            Ok(Some(stored)) => {
                assert_ne!(stored.token.trim(), "");
                assert_shown(&stored.source);
                // A token of the length that is masked; a shorter one may be a word of the path.
                let is_told = stored.token.len() >= 16 && stored.source.contains(&stored.token);
                assert!(!is_told, "{}", stored.source);
                assert!(stored.token.len() < 16 || redactor.finds_in(&stored.token));
            }
            Err(error) => assert_shown(&error.to_string()),
        }
    }
}
