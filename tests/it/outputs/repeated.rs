//! The same run twice, and many runs side by side in one folder.

use std::fs;

use super::{REPOSITORY, TAG, with_image};
use crate::stand_in::{Image, Index, StandIn};
use crate::support::Gate;

#[test]
fn the_same_run_twice_writes_the_same_bytes_but_for_the_times() {
    let (stand_in, _) = with_image();
    stand_in.image(REPOSITORY, "index", Index::of_two_platforms(&Image::node_on_alpine()));
    let run = || {
        Gate::at(&stand_in)
            .args("--port 5001 --format json --junit junit.xml --record-dir records")
            .args("--environment development --failure-reason-file reason")
            .file("verify-registry-image.yml", config(&stand_in, &["support-email"]))
            .run()
    };
    let (one, two) = (run(), run());
    assert_eq!(one.code, Some(0), "{}", one.snapshot());
    assert!(one.files.len() == 2 && one.snapshot() == two.snapshot(), "{}", one.snapshot());
    // Several images: answers come in any order, and are told in the order of asking.
    let several = || {
        let gate = Gate::at(&stand_in).args("--junit junit.xml");
        ["index", TAG, "missing"]
            .iter()
            .fold(gate, |gate, tag| gate.image(&format!("{REPOSITORY}:{tag}")))
            .snapshot()
    };
    let first = several();
    for _ in 0..5 {
        assert_eq!(several(), first);
    }
}

/// A config with a status folder and these services.
pub(super) fn config(stand_in: &StandIn, services: &[&str]) -> String {
    let services = services.join(":\n  ");
    format!(
        "registry: {}\nenvironments:\n  development:\n    tag: {TAG}\nservices:\n  {services}:\n\
         status:\n  directory: status\n  board: board.md\n",
        stand_in.reference("keepkey"),
    )
}

#[test]
fn runs_side_by_side_in_one_status_folder_lose_no_line() {
    let names: Vec<String> = (0..12).map(|number| format!("service-{number:02}")).collect();
    let services: Vec<&str> = names.iter().map(String::as_str).collect();
    let stand_in = StandIn::honest();
    // Every third one was never pushed.
    for (number, service) in services.iter().enumerate().filter(|(number, _)| number % 3 != 2) {
        let image = Image::node_on_alpine().label("number", &number.to_string());
        stand_in.image(&format!("keepkey/{service}"), TAG, image);
    }
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path();
    fs::create_dir_all(shared.join(".git")).unwrap();
    fs::create_dir_all(shared.join("status")).unwrap();
    let put = |path: &str, text: &str| {
        std::io::Write::write_all(
            &mut fs::File::create(shared.join(path)).unwrap(),
            text.as_bytes(),
        )
        .unwrap();
    };
    put("verify-registry-image.yml", &config(&stand_in, &services));
    put("status/development.status", "status: GREEN\nhealth_check: passing\n");
    let running: Vec<_> = services
        .iter()
        .map(|service| {
            Gate::at(&stand_in)
                .within(shared)
                .args("-q --deadline 20s --environment development --update-status --service")
                .arg(*service)
                .start()
        })
        .collect();
    let codes: Vec<_> = running.into_iter().map(|running| running.finish().code.unwrap()).collect();
    assert_eq!(codes, [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    let status = fs::read_to_string(shared.join("status/development.status")).unwrap();
    let board = fs::read_to_string(shared.join("board.md")).unwrap();
    for (service, code) in services.iter().zip(codes) {
        let light = if code == 0 { "GREEN" } else { "RED" };
        assert!(status.contains(&format!("image.{service}: \"{light} ")), "{service}: {status}");
        assert!(board.contains(service), "{service}: {board}");
    }
    assert!(status.starts_with("status: RED\n") && status.contains("health_check: passing\n"));
    let left: Vec<_> = fs::read_dir(shared.join("status")).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "a temporary file stayed: {left:?}");
}
