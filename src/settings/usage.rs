//! Mistakes on the command line, told in this program's words: clap's own would repeat what was typed,
//! and that can be a token.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::secret::Redactor;
use crate::settings::usage_error::{Shown, UsageError, did_you_mean};
use crate::settings::values::{BadValue, no_value};

/// A token on the command line.
pub(super) fn secret(index: usize) -> UsageError {
    UsageError::new(format!("argument {index} holds a secret; it is not repeated here")).hint(
        "a command line can be read by every process: replace this token, and give the new one in \
         `DIGITALOCEAN_ACCESS_TOKEN`",
    )
}

fn unknown(option: &Shown, meant: Option<String>) -> UsageError {
    let hint = match meant {
        _ if speaks_of_a_secret(option.as_str()) => {
            "no option takes a secret: set `DIGITALOCEAN_ACCESS_TOKEN`, or name another variable with \
             `--token-env NAME`"
                .into()
        }
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`verify-registry-image --help` lists the options".into(),
    };
    UsageError::new(format!("there is no option {option}")).hint(hint)
}

fn value_of_a_list(option: &Shown, value: &Shown, possible: &[String]) -> UsageError {
    let all = || format!("expected one of: {}", possible.join(", "));
    UsageError::new(format!("invalid value {value} for {option}")).hint(did_you_mean(
        value.as_str(),
        possible.iter().map(String::as_str),
        all,
    ))
}

/// What clap found wrong, without clap's words.
pub(super) fn mistake(error: &clap::Error, redactor: &Redactor) -> UsageError {
    let shown = |kind| shown(text(error, kind).as_deref().unwrap_or(""), redactor);
    let option = shown(ContextKind::InvalidArg);
    let kind = error.kind();
    let bad = std::error::Error::source(error).and_then(|source| source.downcast_ref::<BadValue>());
    if let Some(bad) = bad {
        return bad.error(redactor);
    }
    if kind == ErrorKind::UnknownArgument {
        let meant = text(error, ContextKind::SuggestedArg);
        unknown(&option, meant)
    } else if kind == ErrorKind::InvalidValue
        && text(error, ContextKind::InvalidValue).unwrap_or_default().is_empty()
    {
        no_value(&option.to_string())
    } else if kind == ErrorKind::InvalidValue {
        let possible = texts(error, ContextKind::ValidValue);
        let value =
            Shown::new(&text(error, ContextKind::InvalidValue).unwrap_or_default(), redactor);
        value_of_a_list(&option, &value, &possible)
    } else if kind == ErrorKind::TooManyValues {
        UsageError::new(format!("{option} takes no value"))
    } else if matches!(
        kind,
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::NoEquals
    ) {
        no_value(&option.to_string())
    } else if kind == ErrorKind::ArgumentConflict {
        let prior = shown(ContextKind::PriorArg);
        if prior == option {
            UsageError::new(format!("{option} is given twice"))
        } else {
            UsageError::new(format!("{prior} and {option} cannot be used together"))
        }
    } else if kind == ErrorKind::InvalidUtf8 {
        UsageError::new("an argument is not valid UTF-8")
    } else {
        let kind = Shown::new(&kind.to_string(), redactor);
        UsageError::new(format!("the command line cannot be read: {kind}"))
            .hint("`verify-registry-image --help` shows how it is written")
    }
}

/// An option's name as clap tells it, without `=VALUE`, ` <VALUE>` and dots.
fn shown(option: &str, redactor: &Redactor) -> Shown {
    let end = option.find(['=', ' ', '[', '.']).unwrap_or(option.len());
    Shown::new(option.get(..end).unwrap_or(option), redactor)
}

fn texts(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    texts(error, kind).into_iter().next()
}

fn speaks_of_a_secret(option: &str) -> bool {
    let option = option.to_ascii_lowercase();
    ["token", "password", "secret", "auth", "username"].iter().any(|word| option.contains(word))
        || option == "-t"
}
