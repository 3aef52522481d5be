//! The words of the report for a person: a list that is broken into lines, a size in the unit that suits it.

/// Adds a word to the last line, or to a new one where there is no room left.
pub(super) fn push_word(lines: &mut Vec<String>, room: usize, word: &str) {
    match lines.last_mut() {
        Some(line) if line.is_empty() => line.push_str(word),
        Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
            line.push(' ');
            line.push_str(word);
        }
        Some(_) | None => lines.push(word.to_owned()),
    }
}

/// A size in the unit that suits it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "B";
    for next in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}
