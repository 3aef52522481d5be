//! The words of the report for a person: a list that is broken into lines.

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
