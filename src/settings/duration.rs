//! Durations as a person writes them: `90s`, `2m`, `1h30m`; a plain number is seconds.

use std::time::Duration;

use jiff::SignedDuration;

/// The longest that anything may take: a day. No pipeline lives longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The oldest that an image may be expected to be: ten years.
const OLDEST_DAYS: u32 = 3_650;

/// Why a text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationMistake {
    /// It cannot be read.
    #[error("expected a duration such as `90s`, `2m` or `1h30m`")]
    Unreadable,
    /// It is below zero.
    #[error("must not be negative")]
    Negative,
    /// It is over a day.
    #[error("must be at most 24 hours")]
    TooLong,
}

/// Reads a duration.
pub(super) fn parse(text: &str) -> Result<Duration, DurationMistake> {
    let duration = read(text)?;
    if duration > LONGEST { Err(DurationMistake::TooLong) } else { Ok(duration) }
}

/// Reads the age of something: a duration, or days, as in `30d`.
///
/// # Errors
/// What is wrong with it, as a clause.
pub(super) fn parse_age(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    let age = match days {
        Some(days) => days.checked_mul(24 * 60 * 60).map(Duration::from_secs),
        None => read(text).ok(),
    };
    let age = age.filter(|age| !age.is_zero() && *age <= LONGEST * OLDEST_DAYS);
    age.ok_or_else(|| format!("expected an age such as `24h` or `30d`, at most `{OLDEST_DAYS}d`"))
}

fn read(text: &str) -> Result<Duration, DurationMistake> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('-') {
        return Err(read(rest).map_or(DurationMistake::Unreadable, |_| DurationMistake::Negative));
    }
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    // Words such as `ago`, and ISO 8601, are more than anybody means here.
    let plain =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'h' | b'm' | b's' | b'-'));
    if !plain {
        return Err(DurationMistake::Unreadable);
    }
    let signed: SignedDuration = text.parse().map_err(|_| DurationMistake::Unreadable)?;
    Duration::try_from(signed).map_err(|_| DurationMistake::Negative)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_read_as_they_are_written() {
        let seconds = |text: &str| parse(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("2m"), Ok(120));
        assert_eq!(seconds("1h30m"), Ok(5_400));
        assert_eq!(seconds("45"), Ok(45));
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(seconds(" 5m "), Ok(300));
        assert_eq!(parse("1500ms"), Ok(Duration::from_millis(1_500)));
        assert_eq!(parse("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(seconds("24h"), Ok(86_400));
    }

    #[test]
    fn each_mistake_has_its_own_error() {
        for text in ["", "soon", "2 days ago", "s", "1x", "PT5M", "1e400", "NaN", "5m5", "½m"] {
            assert_eq!(parse(text), Err(DurationMistake::Unreadable), "{text}");
        }
        for text in ["-5s", "-5", " -1h30m"] {
            assert_eq!(parse(text), Err(DurationMistake::Negative), "{text}");
        }
        for text in ["25h", "86401", "99999999999999999h"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(parse("25h"), Err(DurationMistake::TooLong));
        assert_eq!(parse("18446744073709551615"), Err(DurationMistake::TooLong));
    }

    #[test]
    fn an_age_may_be_given_in_days() {
        let seconds = |text: &str| parse_age(text).map(|age| age.as_secs());
        assert_eq!(seconds("30d"), Ok(30 * 86_400));
        assert_eq!(seconds("720h"), Ok(30 * 86_400));
        assert_eq!(seconds("3650d"), Ok(3650 * 86_400));
        for text in
            ["0d", "0s", "-1h", "3651d", "d", "", "1.5d", "99999999999999999999d", "2 weeks"]
        {
            assert!(parse_age(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[-0-9hms. ]{0,12}|\\PC{0,12}") {
            if let Ok(duration) = parse(&text) {
                prop_assert!(duration <= LONGEST);
            }
        }

        #[test]
        fn whole_seconds_read_back(seconds in 0u64..86_400) {
            let text = format!("{}h{}m{}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
            prop_assert_eq!(parse(&text), Ok(Duration::from_secs(seconds)));
        }
    }
}
