//! Git's conflict markers: what a merge leaves in a file that two people changed. Both sides stand in it, so nothing
//! that it says can be believed, and whatever is written into it would be lost in the resolution.

/// A file with git's conflict markers in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is git's conflict marker `{marker}`")]
pub struct Conflict {
    /// The line, counted from 1.
    line: usize,
    /// What it begins with.
    marker: &'static str,
}

/// What no line of a file in conflict can do without. `=======` stands below a heading in Markdown, so it says nothing.
const MARKERS: [&str; 3] = ["<<<<<<<", "|||||||", ">>>>>>>"];

/// What to do next.
pub(super) const HINT: &str = "resolve the conflict: of a status file keep each line with the later `verified`, of the board \
     either side; then run `verify-registry-image --draw-status`";

/// Proves that a text holds no conflict.
///
/// # Errors
/// For the first marker in it.
pub(super) fn none_in(text: &str) -> Result<(), Conflict> {
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}');
        let is_marker = |marker: &&&str| {
            line.strip_prefix(**marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if let Some(marker) = MARKERS.iter().find(is_marker) {
            return Err(Conflict { line: index + 1, marker });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_seven_characters_at_a_lines_start() {
        let found = |text: &str| none_in(text).err().map(|conflict| conflict.to_string());
        let conflict =
            "status: RED\r\n<<<<<<< HEAD\r\na: b\r\n=======\r\na: c\r\n>>>>>>> other\r\n";
        assert_eq!(found(conflict).unwrap(), "line 2 is git's conflict marker `<<<<<<<`");
        assert_eq!(found("a\n>>>>>>>").unwrap(), "line 2 is git's conflict marker `>>>>>>>`");
        assert_eq!(
            found("\u{feff}||||||| base\n").unwrap(),
            "line 1 is git's conflict marker `|||||||`"
        );
        for text in
            ["", "Board\n=======\n", "<<<<<<<<\n", " <<<<<<< a\n", "a <<<<<<< b\n", "|||||||a|\n"]
        {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
