//! The scripts that set a version everywhere, run on a copy of the repository.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output};

    use regex_lite::Regex;

    use crate::source::{could_not_run, sources};

    const VERSION: &str = env!("CARGO_PKG_VERSION");
    const NEW: &str = "31.41.59";

    /// The files that keep the old version, because they name that of something else.
    const KEPT: [&str; 8] = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Formula/verify-registry-image.rb",
        "docs/decisions.md",
        "docs/performance.md",
        "examples/pulumi/package-lock.json",
        "tests/it/support/redaction.rs",
        "tests/orb/releases.rs",
    ];

    /// A copy of what git tracks; `None`, said aloud, where this is no checkout.
    struct Copy {
        folder: tempfile::TempDir,
        paths: Vec<PathBuf>,
    }

    impl Copy {
        fn new() -> Option<Self> {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let tracked = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output();
            let Some(tracked) = tracked.ok().filter(|output| output.status.success()) else {
                could_not_run("the scripts that set a version: this is not a git checkout");
                return None;
            };
            let folder = tempfile::tempdir().unwrap();
            let mut paths = Vec::new();
            for path in String::from_utf8(tracked.stdout).unwrap().split_terminator('\0') {
                if path.starts_with("fuzz/corpus/") {
                    continue;
                }
                let to = folder.path().join(path);
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                // Not there: deleted, and not committed yet.
                if fs::copy(root.join(path), to).is_ok() {
                    paths.push(path.into());
                }
            }
            let copy = Self { folder, paths };
            for arguments in [&["init", "--quiet"][..], &["add", "--all", "--force"]] {
                assert!(copy.run("git", arguments).status.success(), "{arguments:?}");
            }
            Some(copy)
        }

        fn run(&self, program: &str, arguments: &[&str]) -> Output {
            Command::new(program)
                .args(arguments)
                .current_dir(self.folder.path())
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .output()
                .unwrap()
        }

        fn read(&self, path: impl AsRef<Path>) -> String {
            fs::read(self.folder.path().join(path))
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap()
        }

        /// The files that name a version, but for this one.
        fn naming(&self, version: &str) -> BTreeSet<String> {
            let version = version.replace('.', "\\.");
            let named = Regex::new(&format!(r"(^|[^0-9.]){version}([^0-9.]|\.\s|$)")).unwrap();
            self.paths
                .iter()
                .filter(|path| !path.ends_with("versions.rs") && named.is_match(&self.read(path)))
                .map(|path| path.to_str().unwrap().to_owned())
                .collect()
        }
    }

    #[test]
    fn a_new_version_is_set_everywhere_and_nowhere_else() {
        let Some(copy) = Copy::new() else { return };
        let before = copy.naming(VERSION);
        let lock = copy.read("Cargo.lock");
        let output = copy.run("sh", &["scripts/set-version.sh", NEW]);
        assert!(output.status.success(), "{output:?}");

        let kept = copy.naming(VERSION);
        assert!(kept.iter().all(|path| KEPT.contains(&path.as_str())), "{kept:?}");
        let mut expected: BTreeSet<String> =
            before.iter().filter(|path| !KEPT.contains(&path.as_str())).cloned().collect();
        expected.extend(["CHANGELOG.md".into(), "Cargo.lock".into()]);
        assert_eq!(copy.naming(NEW), expected);
        for path in ["Cargo.toml", "README.md", "orb/orb.yml", "skills/verify-registry-image.sh"] {
            assert!(expected.contains(path), "{path}");
        }

        let ours =
            |version: &str| format!("name = \"verify-registry-image\"\nversion = \"{version}\"\n");
        assert_eq!(copy.read("Cargo.lock"), lock.replace(&ours(VERSION), &ours(NEW)));
        let manifest = copy.read("Cargo.toml");
        assert_eq!(manifest.matches(NEW).count(), 1, "the other crates' versions stay");
        assert!(copy.read("CHANGELOG.md").contains(&format!("\n## {NEW} - unreleased\n")));
        for path in ["orb/src/commands/verify.yml", "orb/orb.yml"] {
            assert!(copy.read(path).contains("ORB_SERIES: \"31.41\"\n"), "{path}");
        }
    }

    #[test]
    fn a_version_that_is_set_again_changes_nothing() {
        let Some(copy) = Copy::new() else { return };
        let output = copy.run("sh", &["scripts/set-version.sh", VERSION]);
        assert!(output.status.success(), "{output:?}");
        assert!(copy.run("git", &["diff", "--quiet"]).status.success());
        for word in ["1.2", "v1.2.3", "1.2.3-rc.1", "01.2.3", "1.2.3/", ""] {
            assert_eq!(
                copy.run("sh", &["scripts/set-version.sh", word]).status.code(),
                Some(2),
                "{word}"
            );
        }
        assert!(copy.run("git", &["diff", "--quiet"]).status.success());
    }

    #[test]
    fn a_new_rust_is_set_in_every_file_that_names_one() {
        let Some(copy) = Copy::new() else { return };
        let dockerfile = copy.read("Dockerfile");
        let rust = dockerfile.lines().find_map(|line| line.strip_prefix("ARG RUST=")).unwrap();
        let pinned = rust.rsplit(':').next().unwrap().split('-').next().unwrap();
        let named = |version: &str| -> BTreeSet<String> {
            let found = copy.naming(version);
            found
                .into_iter()
                .filter(|path| path != "Cargo.lock" && !path.starts_with("docs/"))
                .collect()
        };
        let before = named(pinned);
        let output = copy.run("sh", &["scripts/set-rust.sh", "31.41.59"]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!((named(NEW), named(pinned)), (before, BTreeSet::new()));
        assert_eq!(
            copy.read("Dockerfile"),
            dockerfile.replace(&format!("rust:{pinned}-"), &format!("rust:{NEW}-"))
        );
        for word in ["1.2", "stable", "1.2.3|x"] {
            assert_eq!(
                copy.run("sh", &["scripts/set-rust.sh", word]).status.code(),
                Some(2),
                "{word}"
            );
        }
    }

    #[test]
    fn the_versions_in_the_orb_are_the_programs() {
        let version = env!("CARGO_PKG_VERSION");
        let (series, _) = version.rsplit_once('.').unwrap();
        let source = sources().unwrap();
        let has = |path: &str, text: String| {
            assert!(source[path].contains(&text), "{path} should say `{text}`");
        };
        has("commands/verify.yml", format!("ORB_SERIES: \"{series}\""));
        has("commands/install.yml", format!("default: \"{version}\""));
        has("executors/default.yml", format!("default: \"{version}\""));
        has("executors/docr.yml", format!("default: \"{version}\""));
        has("examples/url_orb.yaml", format!("/v{version}/orb/orb.yml"));
        has("examples/deploy_marker.yml", format!("version: \"{version}\""));
        let skill = include_str!("../../skills/verify-registry-image.sh");
        assert!(skill.contains(&format!("verify-registry-image:{version}}}")), "the old command");
        let changes = include_str!("../../CHANGELOG.md");
        assert!(changes.contains(&format!("\n## {version} - ")), "CHANGELOG.md");
        for path in source.keys() {
            if !path.starts_with("examples/") || path.rsplit('.').next() != Some("yml") {
                continue;
            }
            has(path, format!("verify-registry-image@{version}"));
        }
    }

    /// Where a version stands behind one of these words, in every file that is tracked.
    const VERSIONED: [&str; 4] = [
        "verify-registry-image@",
        "verify-registry-image:",
        "verify-registry-image/v",
        "parameters.image_repository >>:",
    ];

    #[test]
    fn every_version_of_ours_in_a_page_an_example_or_a_pipeline_is_the_programs() {
        let version = env!("CARGO_PKG_VERSION");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tracked = Command::new("git").arg("ls-files").current_dir(root).output();
        let Some(tracked) = tracked.ok().filter(|output| output.status.success()) else {
            could_not_run("the versions: this is not a git checkout");
            return;
        };
        let tracked = String::from_utf8(tracked.stdout).unwrap();
        let mut seen = 0;
        for path in tracked.lines().filter(|path| !path.starts_with("tests/")) {
            let text = fs::read_to_string(root.join(path)).unwrap_or_default();
            for found in VERSIONED.iter().flat_map(|word| text.split(word).skip(1)) {
                let end = found.find(|c: char| !c.is_ascii_digit() && c != '.');
                let told = found[..end.unwrap_or(found.len())].trim_end_matches('.');
                if told.contains('.') {
                    seen += 1;
                    assert_eq!(told, version, "{path}");
                }
            }
        }
        assert!(seen > 12, "the versions were found: {seen}");
    }
}
