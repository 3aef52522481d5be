//! How much is read, and for how long.

use super::*;
use crate::faults::until_the_deadline;
use crate::stand_in::{Lie, Origin, Route};

fn bomb() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let zeros = vec![0; 40 << 20];
    vec![(OCI_GZIP, gzip(&zeros), zeros)]
}

#[test]
fn a_bomb_is_read_no_further_than_was_allowed() {
    let (stand_in, _) = serving(&bomb());
    let run = gate(&stand_in).args("--max-content 20MiB").run();
    insta::assert_snapshot!(found(&run), @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:678e1c4f37ac`: with it, more than the 20971520 bytes that this run may read came, packed and unpacked together
        reason     content-too-large
    ");
    assert_eq!(gate(&stand_in).args("--max-content 50MiB").run().code, Some(0));
}

#[test]
fn more_than_may_be_read_is_not_even_requested() {
    let content = Drawn::from(1).archive(100_000);
    let (stand_in, _) = serving(&[(OCI_PLAIN, content.clone(), content)]);
    let run = gate(&stand_in).args("--max-content 99KB").run();
    insta::assert_snapshot!(found(&run), @"
    Some(3)
      content-intact errored: its layers have 100000 bytes as they are stored, which is more than is left of the 99000 bytes that this run may read, packed and unpacked together
        reason     content-too-large
    ");
    let plain = stand_in.asked_at(Origin::Storage);
    assert_eq!(plain.iter().filter(|entry| entry.range.is_none()).count(), 1, "the config");
}

#[test]
fn what_a_run_may_read_is_for_all_of_its_images_together() {
    let stand_in = StandIn::start(Options::default());
    let content = |seed| Drawn::from(seed).archive(50_000);
    for (tag, seed) in [("one", 1), ("two", 2)] {
        push(&stand_in, tag, &[(OCI_PLAIN, content(seed), content(seed))]);
    }
    let both = || {
        let gate = Gate::at(&stand_in).image(&format!("{REPOSITORY}:one"));
        gate.image(&format!("{REPOSITORY}:two")).args("--content")
    };
    assert_eq!(both().args("--max-content 150KB").run().code, Some(3));
    assert_eq!(both().args("--max-content 200KB").run().code, Some(0));
}

#[test]
fn a_layer_that_images_share_is_read_once() {
    let stand_in = StandIn::start(Options::default());
    let content = |seed| Drawn::from(seed).archive(50_000);
    let shared = (OCI_GZIP, gzip(&content(9)), content(9));
    for (tag, seed) in [("one", 1), ("two", 2)] {
        let own = (OCI_GZIP, gzip(&content(seed)), content(seed));
        push(&stand_in, tag, &[shared.clone(), own]);
    }
    let gate = Gate::at(&stand_in).image(&format!("{REPOSITORY}:one"));
    let run = gate.image(&format!("{REPOSITORY}:two")).args("--content --jobs 2").run();
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    let plain = stand_in.asked_at(Origin::Storage);
    let plain = plain.iter().filter(|entry| entry.range.is_none()).count();
    assert_eq!(plain, 3 + 2, "three layers and two configs");
}

#[test]
fn a_given_deadline_ends_the_reading() {
    let content = Drawn::from(1).archive(30_000);
    let found = until_the_deadline(|deadline| {
        let layer = (OCI_PLAIN, content.clone(), content.clone());
        let (stand_in, pushed) = serving(&[layer]);
        let hex = pushed.layers[0].replace("sha256:", "");
        let whole = Route::Storage.containing(&hex).ranged(false);
        stand_in.lie(whole, Lie::HangAfterHead);
        let run = gate(&stand_in).args(deadline).run();
        let asked = stand_in.asked_at(Origin::Storage);
        let is_asked = asked.iter().any(|it| it.range.is_none() && it.target.contains(&hex));
        is_asked.then(|| found(&run))
    });
    insta::assert_snapshot!(found, @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:ffc8ceb6bd5b`: `[storage]` had not answered when the run's deadline passed
        reason     deadline-passed
    ");
}

#[test]
fn the_option_for_its_size_needs_the_other_one() {
    let (stand_in, _) = serving(&bomb());
    let run = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}")).args("--max-content 5GiB");
    insta::assert_snapshot!(run.snapshot(), @"
    $ verify-registry-image [registry]/keepkey/support-email:latest-dev --max-content 5GiB
    exit code: 2
    ----- stdout
    ----- stderr
    error: `--max-content` is given without `--content`
      hint: add `--content`, or omit it: no layer is read
    ");
}

#[test]
fn the_record_says_that_every_byte_was_read() {
    let content = Drawn::from(1).archive(50_000);
    let (stand_in, pushed) = serving(&[(OCI_GZIP, gzip(&content), content)]);
    let record = |gate: Gate<'_>| {
        let run = gate.args("--record record.json").run();
        assert_eq!(run.code, Some(0), "{}", run.stdout);
        let record: serde_json::Value = serde_json::from_str(run.file("record.json")).unwrap();
        record["verification"]["content"].clone()
    };
    let size = stand_in.blob(&pushed.layers[0]).len();
    assert_eq!(record(gate(&stand_in)), serde_json::json!({ "how": "every-byte", "bytes": size }));
    let without = Gate::at(&stand_in).image(&format!("{REPOSITORY}:{TAG}"));
    assert_eq!(record(without), serde_json::json!({ "how": "ranges", "bytes": size }));
}

#[test]
fn under_wait_only_the_round_that_ends_green_reads() {
    let content = Drawn::from(1).archive(50_000);
    let (stand_in, pushed) = serving(&[(OCI_GZIP, gzip(&content), content)]);
    stand_in.lie(Route::ManifestByTag.first(1), Lie::oci_error(404, "MANIFEST_UNKNOWN", "unknown"));
    let run = gate(&stand_in).args("--wait 60s").run();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let hex = pushed.layers[0].replace("sha256:", "");
    let plain = stand_in.asked_at(Origin::Storage);
    let plain = plain.iter().filter(|entry| entry.range.is_none() && entry.target.contains(&hex));
    assert_eq!(plain.count(), 1);
}
