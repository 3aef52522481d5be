//! The token that `doctl auth init` has stored, found by doctl's own rules (doctl, `commands/doit.go` and
//! `command_config.go`). The file is read and never written.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;

use crate::file::input::{self, InputError};
use crate::secret::{Redactor, Secret, token_like};
use crate::settings::usage_error::{Shown, UsageError};
use crate::settings::variables::{self, StandardVariables};

/// The most that is read of doctl's file.
const MOST: u64 = 64 * 1024;

/// The context that is meant when none is named.
const DEFAULT: &str = "default";

/// Why doctl's config file cannot be used. No message holds any of its text.
fn unusable(why: &str) -> UsageError {
    UsageError::new(format!("doctl's config file {why}"))
        .hint(format!("set `{}`, or let `doctl auth init` write the file again", variables::TOKEN))
}

/// A token that doctl has stored.
pub(super) struct Stored {
    pub token: String,
    /// Where it stood.
    pub source: String,
}

/// What is read of doctl's file; it has other keys too.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Document {
    access_token: Option<String>,
    context: Option<String>,
    auth_contexts: Option<BTreeMap<String, Option<String>>>,
}

/// Hides what doctl's file holds, before anything can be shown: a text of the command line or of the
/// environment may hold it too. A file that cannot be read hides nothing and is reported where it is needed.
pub(super) fn hide(lookup: &dyn Fn(&str) -> Option<OsString>, redactor: &Redactor) {
    let value = |name: &str| {
        let value = lookup(name)?.to_string_lossy().into_owned();
        Some(value).filter(|value| !value.is_empty())
    };
    let variables = StandardVariables {
        digitalocean_config: value("DIGITALOCEAN_CONFIG"),
        home: value("HOME"),
        xdg_config_home: value("XDG_CONFIG_HOME"),
        ..StandardVariables::default()
    };
    let path = path(&variables, cfg!(target_os = "macos"));
    let Some(text) = path.and_then(|path| input::text(&path, MOST).ok()) else { return };
    for token in token_like(&text) {
        redactor.hide(&Secret::new(token));
    }
    if let Ok(document) = crate::yaml::read::<Document>(&text) {
        document.hide(redactor);
    }
}

impl Document {
    fn hide(&self, redactor: &Redactor) {
        let contexts = self.auth_contexts.iter().flat_map(BTreeMap::values);
        for secret in contexts.chain([&self.access_token]).flatten() {
            redactor.hide(&Secret::new(secret.trim()));
        }
    }
}

/// doctl's token, where it has stored one.
pub(super) fn stored(
    variables: &StandardVariables,
    redactor: &Redactor,
) -> Result<Option<Stored>, UsageError> {
    let Some(path) = path(variables, cfg!(target_os = "macos")) else { return Ok(None) };
    let shown = Shown::new(&path.to_string_lossy(), redactor);
    let text = match input::text(&path, MOST) {
        Ok(text) => text,
        // Only a file that was named must be there.
        Err(InputError::Missing) if variables.digitalocean_config.is_none() => return Ok(None),
        Err(why) => return Err(unusable(&format!("{shown} {why}"))),
    };
    if text.trim().is_empty() {
        return Ok(None);
    }
    let document: Document = crate::yaml::read(&text)
        .map_err(|_| unusable(&format!("{shown} is not YAML as doctl writes it")))?;
    document.hide(redactor);
    let Document { access_token, context, auth_contexts } = document;
    let token = access_token.as_deref().unwrap_or("").trim();
    let contexts = auth_contexts.unwrap_or_default();
    // doctl compares contexts in lower case.
    let named = variables.digitalocean_context.as_deref().or(context.as_deref()).unwrap_or("");
    let context =
        if named.trim().is_empty() { DEFAULT.to_owned() } else { named.trim().to_lowercase() };
    let found = if context == DEFAULT {
        Some(token)
    } else {
        let of_name = contexts.iter().find(|(name, _)| name.to_lowercase() == context);
        of_name.and_then(|(_, token)| token.as_deref()).map(str::trim)
    };
    match found.filter(|token| !token.is_empty()) {
        Some(token) => {
            let context = Shown::new(&context, redactor);
            let source = format!("doctl's config file {shown} (context {context})");
            Ok(Some(Stored { token: token.to_owned(), source }))
        }
        None if context == DEFAULT => Ok(None),
        None => {
            let context = Shown::new(&context, redactor);
            Err(unusable(&format!("{shown} has no token for the context {context}")))
        }
    }
}

/// Where doctl keeps its config: `DIGITALOCEAN_CONFIG`, else `doctl/config.yaml` in the user's config folder.
pub(super) fn path(variables: &StandardVariables, is_macos: bool) -> Option<PathBuf> {
    if let Some(named) = &variables.digitalocean_config {
        return Some(named.into());
    }
    let home = variables.home.as_ref().map(PathBuf::from);
    let folder = if is_macos {
        home?.join("Library/Application Support")
    } else {
        match variables.xdg_config_home.as_ref().map(PathBuf::from) {
            Some(folder) if folder.is_absolute() => folder,
            Some(_) | None => home?.join(".config"),
        }
    };
    Some(folder.join("doctl/config.yaml"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn variables(edit: impl FnOnce(&mut StandardVariables)) -> StandardVariables {
        let mut variables =
            StandardVariables { home: Some("/home/a".into()), ..Default::default() };
        edit(&mut variables);
        variables
    }

    #[test]
    fn the_file_is_where_doctl_keeps_it() {
        let at = |variables: &StandardVariables, is_macos| {
            path(variables, is_macos).map(|path| path.display().to_string())
        };
        let plain = variables(|_| ());
        assert_eq!(at(&plain, false).unwrap(), "/home/a/.config/doctl/config.yaml");
        assert_eq!(
            at(&plain, true).unwrap(),
            "/home/a/Library/Application Support/doctl/config.yaml"
        );
        let xdg = variables(|variables| variables.xdg_config_home = Some("/xdg".into()));
        assert_eq!(at(&xdg, false).unwrap(), "/xdg/doctl/config.yaml");
        let named = variables(|variables| variables.digitalocean_config = Some("/n.yaml".into()));
        assert_eq!(at(&named, true).unwrap(), "/n.yaml");
        assert_eq!(at(&StandardVariables::default(), false), None);
    }

    fn in_file(text: &str, context: Option<&str>) -> Result<Option<(String, String)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        #[expect(clippy::disallowed_methods, reason = "a file of the test")]
        std::fs::write(&path, text).unwrap();
        let variables = StandardVariables {
            digitalocean_config: Some(path.display().to_string()),
            digitalocean_context: context.map(str::to_owned),
            ..Default::default()
        };
        let tell = |text: String| text.replace(&path.display().to_string(), "FILE");
        stored(&variables, &Redactor::default())
            .map(|stored| stored.map(|stored| (stored.token, tell(stored.source))))
            .map_err(|mistake| tell(mistake.to_string()))
    }

    const FILE: &str = "access-token: dop_v1_default\napi-url: \"\"\nauth-contexts:\n  Work: dop_v1_work00\n  none: \"\"\n";

    #[test]
    fn the_context_chooses_the_token() {
        let token = |text: &str, context| in_file(text, context).unwrap().unwrap();
        assert_eq!(
            token(FILE, None),
            ("dop_v1_default".into(), "doctl's config file `FILE` (context `default`)".into())
        );
        assert_eq!(
            token(FILE, Some("WORK")),
            ("dop_v1_work00".into(), "doctl's config file `FILE` (context `work`)".into())
        );
        assert_eq!(token(&format!("{FILE}context: work\n"), None).0, "dop_v1_work00");
        assert_eq!(token(&format!("{FILE}context: work\n"), Some("default")).0, "dop_v1_default");
    }

    #[test]
    fn each_mistake_is_reported_without_the_file_s_text() {
        assert_eq!(in_file("", None), Ok(None));
        assert_eq!(in_file("access-token: \"\"\n", None), Ok(None));
        for context in ["other", "none"] {
            assert_eq!(
                in_file(FILE, Some(context)).unwrap_err(),
                format!("doctl's config file `FILE` has no token for the context `{context}`")
            );
        }
        for text in ["access-token: [dop_v1_default]", "dop_v1_default", ": : :"] {
            assert_eq!(
                in_file(text, None).unwrap_err(),
                "doctl's config file `FILE` is not YAML as doctl writes it"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_file_is_survived(text in "[a-z: \\n\"'\\[{&*~-]{0,60}") {
            let _ = in_file(&text, Some("work"));
        }
    }
}
