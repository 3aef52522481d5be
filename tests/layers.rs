//! The architecture as tests: the order of the rooms, what the pure ones may not touch, sizes and names, the map.
//!
//! Everything is read from the sources, so a new module is held to the rules without being listed here.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms that are functions of their arguments, where they exist.
const PURE: [&str; 11] = [
    "circleci",
    "secret",
    "document",
    "oci",
    "engines",
    "unpack",
    "request",
    "report",
    "exit",
    "observation",
    "checks",
];

/// What a pure room may not mention.
const IO: [&str; 9] = [
    "async ",
    ".await",
    "tokio",
    "reqwest",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "SystemTime",
    "Timestamp::now",
];

/// Rooms that may not use each other, whatever their order: outputs never ask.
const APART: [(&str, &str); 8] = [
    ("status", "http"),
    ("status", "registry"),
    ("status", "observe"),
    ("output", "http"),
    ("output", "registry"),
    ("output", "observe"),
    ("checks", "http"),
    ("checks", "registry"),
];

const MOST_LINES: usize = 400;

#[test]
fn a_room_uses_only_itself_and_those_below_it() {
    let order = order();
    for file in sources() {
        let Some(room) = room_of(&file) else { continue };
        for used in used_rooms(&code(&file)) {
            let rank = |name: &str| order.iter().position(|known| known == name);
            let (user, used_rank) = (rank(&room), rank(&used));
            assert!(user.is_some(), "src/lib.rs does not list `{room}`");
            assert!(used_rank.is_some(), "{}: `{used}` is no room", file.display());
            assert!(used_rank <= user, "{}: `{room}` uses `{used}`", file.display());
            let pair = (room.as_str(), used.as_str());
            assert!(!APART.contains(&pair), "{}: `{room}` uses `{used}`", file.display());
        }
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let modules: BTreeMap<String, String> =
        sources().iter().map(|file| (module_of(file), code(file))).collect();
    let used: BTreeMap<&str, BTreeSet<&str>> = modules
        .iter()
        .map(|(name, code)| {
            let targets = imported(name, code);
            let known = targets.iter().filter_map(|path| longest_known(&modules, path));
            (name.as_str(), known.filter(|target| target != name).collect())
        })
        .collect();
    assert!(used["settings::args"].contains("settings::values"), "{:?}", used["settings::args"]);
    let reached = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(module) = next.pop() {
            for target in &used[module.as_str()] {
                if seen.insert((*target).to_owned()) {
                    next.push((*target).to_owned());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<String>> =
        used.keys().map(|module| (*module, reached(module))).collect();
    let mut circles = BTreeSet::new();
    for (module, targets) in &reached {
        if targets.contains(*module) {
            let is_back = |other: &&String| reached[other.as_str()].contains(*module);
            let circle: Vec<&str> = targets.iter().filter(is_back).map(String::as_str).collect();
            circles.insert(circle.join(" "));
        }
    }
    assert_eq!(circles.into_iter().collect::<Vec<_>>().join("\n"), "");
}

/// `src/settings/config/place.rs` is `settings::config::place`.
fn module_of(file: &Path) -> String {
    let path = file.strip_prefix(src()).unwrap().with_extension("");
    let parts: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
    parts.join("::").trim_end_matches("::mod").to_owned()
}

/// The module that a path leads into: its longest beginning that is one.
fn longest_known<'m>(modules: &'m BTreeMap<String, String>, path: &str) -> Option<&'m str> {
    let mut path = path;
    loop {
        if let Some((known, _)) = modules.get_key_value(path) {
            return Some(known);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// The paths that a module's `use` lines name, from the crate's root.
fn imported(module: &str, code: &str) -> Vec<String> {
    let uses = code.split("use ").skip(1).filter_map(|rest| rest.split_once(';'));
    let paths = uses.flat_map(|(path, _)| ungrouped("", path));
    let of_this_crate = paths.filter_map(|path| {
        let (mut base, mut rest) = (module.to_owned(), path.as_str());
        if let Some(path) = rest.strip_prefix("crate::") {
            return Some(path.to_owned());
        }
        if let Some(path) = rest.strip_prefix("self::") {
            return Some(format!("{base}::{path}"));
        }
        while let Some(path) = rest.strip_prefix("super::") {
            base = base.rsplit_once("::").map_or_else(String::new, |(above, _)| above.to_owned());
            rest = path;
        }
        (rest.len() < path.len()).then(|| format!("{base}::{rest}"))
    });
    of_this_crate.map(|path| path.trim_end_matches("::self").to_owned()).collect()
}

/// `a::{b, c::{d}}` as `a::b` and `a::c::d`.
fn ungrouped(start: &str, path: &str) -> Vec<String> {
    let Some((before, group)) = path.split_once('{') else {
        let path = path.split(" as ").next().unwrap_or(path);
        return vec![format!("{start}{}", path.trim())];
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut parts, mut depth) = (vec![String::new()], 0_i32);
    for character in group.chars() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        if character == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(character);
        }
    }
    let start = format!("{start}{}", before.trim());
    parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| ungrouped(&start, part))
        .collect()
}

#[test]
fn the_rooms_between_asking_and_writing_do_no_io() {
    let mut looked_at = 0;
    for file in sources() {
        let path = file.strip_prefix(src()).unwrap().with_extension("");
        if !PURE.iter().any(|room| path.starts_with(room)) {
            continue;
        }
        looked_at += 1;
        let code = code(&file);
        for word in IO {
            assert!(!code.contains(word), "{}: mentions `{word}`", file.display());
        }
    }
    assert!(looked_at > 20, "only {looked_at} files were looked at");
}

/// Names of what hands out the whole environment, also through another crate. A variable that nobody named may
/// hold a secret, and one that is no UTF-8 makes the usual way panic.
const WHOLE_ENVIRONMENT: [&str; 5] = ["vars", "vars_os", "from_env", "environ", "env_logger"];

#[test]
fn the_environment_is_never_walked() {
    for file in sources() {
        let code = code(&file);
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        for word in code.split(|character| !is_name(character)) {
            assert!(!WHOLE_ENVIRONMENT.contains(&word), "{}: mentions `{word}`", file.display());
        }
    }
    // Who reaches the environment at all says so.
    let reach = |file: &PathBuf| code(file).contains("env::var");
    let reaching: Vec<_> = sources().into_iter().filter(reach).collect();
    assert_eq!(reaching, [src().join("main.rs")]);
}

/// What the hook shows has a test in `main.rs`; nothing is known that makes the built program panic.
#[test]
fn the_program_begins_with_its_two_defences() {
    let code = code(&src().join("main.rs"));
    let (_, main) = code.split_once("fn main() -> Exit {\n").unwrap();
    // The run's time counts from the very first.
    let begun = |line: &&str| *line != "let started = Instant::now();";
    let first: Vec<_> = main.lines().map(str::trim).filter(begun).take(2).collect();
    assert_eq!(first, ["leave_no_core();", "keep_panics_quiet();"]);
}

#[test]
fn a_file_fits_in_a_head() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        let lines = without_tests(&text).len();
        let is_test = file.components().any(|part| part.as_os_str() == "tests")
            || file.file_name().is_some_and(|name| name == "tests.rs");
        assert!(is_test || lines <= MOST_LINES, "{}: {lines} lines", file.display());
        assert!(text.starts_with("//!") || is_test, "{}: has no head", file.display());
    }
}

#[test]
fn no_room_is_named_after_nothing() {
    for file in sources() {
        let path = file.strip_prefix(src()).unwrap();
        for part in path.with_extension("").components() {
            let name = part.as_os_str().to_str().unwrap();
            let is_vague = ["utils", "util", "helpers", "helper", "common", "types", "misc"];
            assert!(!is_vague.contains(&name), "{}", file.display());
        }
        assert!(path != Path::new("error.rs"), "an error lives with what fails");
    }
}

#[test]
fn a_checks_file_has_the_checks_name_and_its_tests() {
    for check in verify_registry_image::report::CheckId::ALL {
        let file = src().join("checks").join(check.as_str().replace('-', "_")).with_extension("rs");
        assert!(file.is_file(), "{}", file.display());
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("#[cfg(test)]\nmod tests"), "{}: has no tests", file.display());
    }
}

#[test]
fn the_reading_of_used_files_sees_every_form() {
    let code = "use crate::oci::Digest;\nuse super::{place::{self, Place}, words::Text as T};\nuse std::fmt;\n";
    assert_eq!(
        imported("settings::config::parse", code),
        [
            "oci::Digest",
            "settings::config::place",
            "settings::config::place::Place",
            "settings::config::words::Text"
        ]
    );
}

#[test]
fn what_is_behind_an_item_for_tests_is_read() {
    let text = "a;\n#[cfg(test)]\nmod fixtures;\nb;\nimpl A {\n    #[cfg(test)]\n    fn c() {\n        d();\n    }\n    e;\n}\n#[cfg(test)]\nmod tests {\n    f;\n}\n";
    assert_eq!(without_tests(text), ["a;", "b;", "impl A {", "    e;", "}"]);
}

#[test]
fn the_reading_of_used_rooms_sees_every_form() {
    let code = "use crate::oci::Digest;\npub use crate::{report, request::Service};\n\
                let x = crate::secret::printable(y);\nuse crate::{\n    http::Client,\n    oci::{Tag, Digest},\n};";
    assert_eq!(used_rooms(code), ["oci", "report", "request", "secret", "http", "oci"]);
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below `src`.
fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![src()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The rooms as `src/lib.rs` lists them, lowest first.
fn order() -> Vec<String> {
    let text = fs::read_to_string(src().join("lib.rs")).unwrap();
    let rooms: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let line = line.trim_start_matches("pub ").strip_prefix("mod ")?;
            line.strip_suffix(';').map(str::to_owned)
        })
        .collect();
    assert!(rooms.len() > 5, "{rooms:?}");
    rooms
}

#[test]
fn the_map_shows_every_room_and_names_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    let map = page.split("\n## The map\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let shown: Vec<&str> =
        map.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let mut rooms = order();
    rooms.retain(|room| room != "fuzzing");
    assert_eq!(shown, rooms, "the map of docs/architecture.md and src/lib.rs");

    let files: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.strip_suffix(".rs").is_some_and(|name| !name.contains("my_")))
        .collect();
    assert!(files.len() > 15, "the files were found: {files:?}");
    for name in files {
        let is_there = root.join(name).exists() || src().join(name).exists();
        assert!(is_there, "docs/architecture.md names `{name}`, which is not there");
    }
}

/// `src/registry/client.rs` belongs to `registry`; `lib.rs` and `main.rs` to none. What hands a room's parser to the
/// fuzzer is inside the room, to see it, and belongs to `fuzzing`.
fn room_of(file: &Path) -> Option<String> {
    if file.ends_with("fuzzing.rs") {
        return Some("fuzzing".to_owned());
    }
    let first = file.strip_prefix(src()).unwrap().components().next()?;
    let name = Path::new(first.as_os_str()).file_stem()?.to_str()?.to_owned();
    (name != "lib" && name != "main").then_some(name)
}

/// The file's program text: without comments, and without its tests, which may use anything.
fn code(file: &Path) -> String {
    let is_test = file.components().any(|part| part.as_os_str() == "tests")
        || file.file_name().is_some_and(|name| name == "tests.rs");
    if is_test {
        return String::new();
    }
    let text = fs::read_to_string(file).unwrap();
    without_tests(&text)
        .into_iter()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line + "\n")
}

/// The lines of a text without what is compiled for tests alone.
fn without_tests(text: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(indent) = line.strip_suffix("#[cfg(test)]") else {
            kept.push(line);
            continue;
        };
        let (close, item) = (format!("{indent}}}"), lines.next().unwrap());
        if !item.ends_with(';') {
            lines.by_ref().find(|line| *line == close);
        }
    }
    kept
}

/// The first names of all `crate::…` paths, those in a group included.
fn used_rooms(code: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        text.trim_start().chars().take_while(|character| is_name(*character)).collect()
    };
    let mut used = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            used.push(name(rest));
            continue;
        };
        let mut depth = 0_i32;
        let mut item = String::new();
        for character in group.chars() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                break;
            }
            if character == ',' && depth == 0 {
                used.push(name(&item));
                item.clear();
            } else {
                item.push(character);
            }
        }
        used.push(name(&item));
    }
    used.retain(|name| !name.is_empty());
    used
}
