//! Lists of names in the report for a person: broken into lines, or cut short.

/// How many services a note names at most.
const MOST_NAMED: usize = 10;

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

/// Whose note it is, of so many images.
pub(super) fn whose(services: &[&str], images: usize) -> String {
    if images < 2 {
        return String::new();
    }
    match services.split_at_checked(MOST_NAMED) {
        Some((_, [_, ..])) if services.len() == images => format!("all {images} images: "),
        Some((named, more @ [_, ..])) => {
            format!("{} and {} more: ", named.join(", "), more.len())
        }
        Some((_, [])) | None => format!("{}: ", services.join(", ")),
    }
}
