//! The words that name images: those of the command line or the variable, and for `-` the lines of standard
//! input, which is bounded.

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use crate::file::input;
use crate::settings::usage_error::UsageError;
use crate::settings::values::Given;

/// The most that is read of standard input.
const MOST_BYTES: u64 = 1024 * 1024;

/// The most images of one run.
const MOST_IMAGES: usize = 10_000;

/// The words, with `-` replaced by what stands on standard input, which has to end within `limit`.
pub(super) fn all(
    given: &[Given],
    stdin: Box<dyn Read + Send>,
    limit: Duration,
) -> Result<Vec<String>, UsageError> {
    let mut words = Vec::new();
    let mut stdin = Some(stdin);
    for Given { value, origin: _ } in given {
        let word = value.trim();
        if word.is_empty() {
            return Err(UsageError::new("an `IMAGE` is empty")
                .hint("check that the variable it is built from is set in this job"));
        }
        if word != "-" {
            words.push(word.to_owned());
        } else if let Some(stdin) = stdin.take() {
            let text = read_within(stdin, limit)?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let before = words.len();
            words.extend(lines.take(MOST_IMAGES + 1).map(str::to_owned));
            if words.len() == before {
                return Err(UsageError::new("nothing to verify: standard input holds no `IMAGE`")
                    .hint("write one `IMAGE` per line"));
            }
        }
        refuse_too_many(words.len())?;
    }
    Ok(words)
}

pub(super) fn refuse_too_many(words: usize) -> Result<(), UsageError> {
    if words > MOST_IMAGES {
        return Err(UsageError::new(format!("more than {MOST_IMAGES} images are given")));
    }
    Ok(())
}

/// Reads on a thread of its own: nobody can interrupt a reader that waits for a writer.
fn read_within(stdin: Box<dyn Read + Send>, limit: Duration) -> Result<String, UsageError> {
    let (sender, receiver) = mpsc::channel();
    let started = std::thread::Builder::new().spawn(move || {
        // Where nobody waits any more, nobody is told.
        let _ = sender.send(read_all(stdin));
    });
    started.map_err(|_| {
        UsageError::new("standard input cannot be read: the system gives no thread")
    })?;
    let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
    receiver.recv_timeout(limit).unwrap_or_else(|_| {
        let message =
            format!("standard input did not end within {seconds} s, the deadline of the run");
        Err(UsageError::new(message).hint("check the program that writes to it, or omit the `-`"))
    })
}

fn read_all(stdin: Box<dyn Read + Send>) -> Result<String, UsageError> {
    let text = input::text_of(stdin, MOST_BYTES)
        .map_err(|why| UsageError::new(format!("standard input {why}")))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::values::Origin;

    const LIMIT: Duration = Duration::from_secs(60);

    fn from(arguments: &[&str], stdin: &[u8]) -> Result<Vec<String>, String> {
        let given: Vec<Given> = arguments
            .iter()
            .map(|word| Given { value: (*word).to_owned(), origin: Origin::option("IMAGE") })
            .collect();
        all(&given, Box::new(std::io::Cursor::new(stdin.to_vec())), LIMIT)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_dash_stands_for_the_lines_of_standard_input() {
        assert_eq!(
            from(&["a", "-", "b"], b"\xef\xbb\xbfx\r\n\n  y  \n").unwrap(),
            ["a", "x", "y", "b"]
        );
        assert_eq!(from(&["-", "-"], b"x").unwrap(), ["x"], "standard input is read once");
        assert_eq!(from(&["a"], b"x").unwrap(), ["a"]);
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        const TOO_LARGE: &str = "standard input is larger than 1024 KiB";
        let error = |arguments: &[&str], stdin: &[u8]| from(arguments, stdin).unwrap_err();
        assert_eq!(error(&["a", " "], b""), "an `IMAGE` is empty");
        assert_eq!(error(&["-"], b"\n \n"), "nothing to verify: standard input holds no `IMAGE`");
        assert_eq!(error(&["-"], b"\xff"), "standard input is not valid UTF-8");
        assert_eq!(error(&["-"], &b"x\n".repeat(10_001)), "more than 10000 images are given");
        assert_eq!(from(&["-"], &b"x\n".repeat(10_000)).map(|words| words.len()), Ok(10_000));
        assert_eq!(error(&["-"], &b"x".repeat(1024 * 1024 + 1)), TOO_LARGE);
        // Without a bound, this would never end.
        let given = [Given { value: "-".to_owned(), origin: Origin::option("IMAGE") }];
        let endless = Box::new(std::io::repeat(b'x'));
        assert_eq!(all(&given, endless, LIMIT).unwrap_err().to_string(), TOO_LARGE);
    }

    proptest! {
        #[test]
        fn any_input_is_survived(stdin: Vec<u8>) {
            if let Ok(words) = from(&["-"], &stdin) {
                prop_assert!(words.iter().all(|word| !word.is_empty() && !word.contains('\n')));
            }
        }
    }
}
