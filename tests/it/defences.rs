//! Defences that nothing else would miss, at the built program: seen by the system calls that it makes, or by
//! what it makes of surroundings that are out to break it.

use std::fs;

use crate::faults::{IMAGE, with_image};
use crate::stand_in::Options;
use crate::support::{Gate, could_not_run};

/// Whether `strace` can look at programs here; says so where it cannot.
fn has_strace(test: &str) -> bool {
    let version = std::process::Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let has = version.is_ok_and(|output| output.status.success());
    if !has {
        could_not_run(test, "`strace` is not installed, or may not look at programs");
    }
    has
}

#[test]
fn every_output_is_flushed_before_it_is_renamed_and_its_folder_after() {
    if !has_strace("defences::every_output_is_flushed_before_it_is_renamed_and_its_folder_after") {
        return;
    }
    let stand_in = with_image(Options::default());
    let run = Gate::at(&stand_in)
        .image(IMAGE)
        .args("--junit junit.xml --html page.html --image-ref ref --record record.json")
        .env("PATH", "/usr/bin:/bin")
        .through(
            "exec strace -f -e trace=fsync,fdatasync,rename,renameat,renameat2 -o trace \"$@\"",
        )
        .run();
    assert_eq!(run.code, Some(0), "{}", run.snapshot());
    let trace = fs::read_to_string(run.folder().join("trace")).expect("what strace wrote");
    // `PID name(…`: a name a call, where another thread did not come between.
    let calls: Vec<_> = trace
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .map(|(name, _)| if name.starts_with("rename") { "rename" } else { name })
        .collect();
    let renames = calls.iter().filter(|name| **name == "rename").count();
    assert!(renames >= 4, "{trace}");
    let wanted: Vec<_> = ["fsync", "rename", "fsync"].repeat(renames);
    assert_eq!(calls, wanted, "{trace}");
}

#[test]
fn an_environment_of_anything_changes_nothing() {
    let plain = || Gate::alone().env("PATH", "/usr/bin:/bin").args("registry.example:1/a");
    let hostile = "export X=\"$(printf '\\377\\033[2J')\" DIGITALOCEAN_TOKEN=a AUTHORS=\"$X\"\n\
                   n=0; while [ $n -lt 2000 ]; do export \"FILL_$n=$X\"; n=$((n + 1)); done\n\
                   exec env \"$(printf 'N\\376')=1\" \"$@\"";
    let (expected, seen) = (plain().run(), plain().through(hostile).run());
    assert_eq!(
        (seen.code, &seen.stdout, &seen.stderr),
        (Some(2), &expected.stdout, &expected.stderr)
    );
}
