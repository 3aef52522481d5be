//! Sizes as a person writes them: digits and a unit, as in `20GiB` or `500MB`.

/// The units, each with its bytes.
const UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
];

/// Why a text is not a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SizeMistake {
    /// It cannot be read.
    #[error("expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`")]
    Unreadable,
    /// Nothing.
    #[error("must be more than 0")]
    Zero,
    /// More than any number of bytes here.
    #[error("must be less than 16777216GiB")]
    TooLarge,
}

/// Reads a size.
pub(super) fn parse(text: &str) -> Result<u64, SizeMistake> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    let unit = UNITS.iter().find(|(name, _)| *name == unit.trim_start());
    let (Some((_, bytes)), false) = (unit, digits.is_empty()) else {
        return Err(SizeMistake::Unreadable);
    };
    let number: u64 = digits.parse().map_err(|_| SizeMistake::TooLarge)?;
    let size = number.checked_mul(*bytes).filter(|size| *size < 1 << 54);
    match size {
        Some(0) => Err(SizeMistake::Zero),
        Some(size) => Ok(size),
        None => Err(SizeMistake::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_digits_and_a_unit() {
        let said = |text: &str| match parse(text) {
            Ok(size) => format!("{text}: {size}"),
            Err(why) => format!("{text}: {why}"),
        };
        let texts = [
            "1B",
            "64GiB",
            "20 MiB",
            "3KiB",
            "3KB",
            "7MB",
            "2GB",
            "0GiB",
            "5",
            "GiB",
            "1.5GiB",
            "-1GiB",
            "1gib",
            "1TiB",
            "99999999999999999999B",
            "16777216GiB",
            "",
        ];
        insta::assert_snapshot!(texts.map(said).join("\n"), @"
        1B: 1
        64GiB: 68719476736
        20 MiB: 20971520
        3KiB: 3072
        3KB: 3000
        7MB: 7000000
        2GB: 2000000000
        0GiB: must be more than 0
        5: expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
        GiB: expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
        1.5GiB: expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
        -1GiB: expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
        1gib: expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
        1TiB: expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
        99999999999999999999B: must be less than 16777216GiB
        16777216GiB: must be less than 16777216GiB
        : expected digits and a unit (B, KiB, MiB, GiB, KB, MB or GB), as in `20GiB`
        ");
    }
}
