//! The tests of the orb that are Python's.

use crate::source::could_not_run;
use crate::steps::python;

/// Whether what needs `scripts/orb.py` can run; says so aloud where it cannot.
pub(crate) fn is_here() -> bool {
    let is_here = python().is_some();
    if !is_here {
        could_not_run(
            "the packed orb, the pipelines and the orb's scripts: python3 with PyYAML is missing (`sh scripts/tools.sh`)",
        );
    }
    is_here
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use crate::steps::python;

    #[test]
    fn the_orb_the_pipelines_and_the_pages_pass_pythons_tests() {
        if !super::is_here() {
            return;
        }
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/orb/test_orb.py");
        let output = Command::new(python().unwrap()).arg(tests).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{shown}");
        let ran = shown.split("Ran ").nth(1).and_then(|rest| rest.split(' ').next());
        assert!(ran.unwrap().parse::<u32>().unwrap() >= 20, "{shown}");
        assert!(!shown.contains("skipped"), "{shown}");
    }
}
