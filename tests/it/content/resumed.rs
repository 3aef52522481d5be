//! Layers that are cut on their way: what came is kept, and the rest is requested.

use super::*;
use crate::stand_in::{End, Lie, Matcher, Origin, Route};

fn layer() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let content = Drawn::from(1).archive(400_000);
    vec![(OCI_ZSTD, zstd(&content), content)]
}

fn hex(pushed: &Pushed) -> String {
    pushed.layers[0].replace("sha256:", "")
}

/// The requests for the layer's bytes, but the one for its last.
fn asked(stand_in: &StandIn, pushed: &Pushed) -> usize {
    let size = stand_in.blob(&pushed.layers[0]).len();
    let last = format!("bytes={0}-{0}", size - 1);
    let entries = stand_in.asked_at(Origin::Storage);
    let of_layer = entries.iter().filter(|entry| entry.target.contains(&hex(pushed)));
    of_layer.filter(|entry| entry.range.as_deref() != Some(&last)).count()
}

/// Cuts the plain requests, and those for the rest.
fn whole(pushed: &Pushed) -> Matcher {
    Route::Storage.containing(&hex(pushed))
}

/// Its bytes pass to their reader in larger pieces than those of zstd: one holds what came before each cut.
fn plain_layer() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let content = Drawn::from(2).archive(400_000);
    vec![(OCI_PLAIN, content.clone(), content)]
}

#[test]
fn a_layer_that_is_cut_goes_on_where_it_ended() {
    for layer in [layer(), plain_layer()] {
        let (stand_in, pushed) = serving(&layer);
        stand_in.lie(whole(&pushed).ranged(false).first(1), Lie::CutAfter(90_000, End::Reset));
        let rest = whole(&pushed).ranged(true).after(1).first(2);
        stand_in.lie(rest, Lie::CutAfter(50_000, End::Close));
        let before = stand_in.bytes_sent();
        let run = gate(&stand_in).run();
        assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
        assert_eq!(asked(&stand_in, &pushed), 3);
        // Little more than once: the parts were not sent again.
        let size = u64::try_from(stand_in.blob(&pushed.layers[0]).len()).unwrap();
        assert!(stand_in.bytes_sent() - before < size + size / 4, "{size}");
    }
}

#[test]
fn a_server_that_sends_the_whole_again_is_read_on_where_it_ended() {
    for layer in [layer(), plain_layer()] {
        let (stand_in, pushed) = serving(&layer);
        stand_in.lie(whole(&pushed).ranged(false).first(1), Lie::CutAfter(90_000, End::Close));
        stand_in.lie(whole(&pushed).ranged(true).after(1), Lie::Whole);
        let run = gate(&stand_in).run();
        assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_layer_that_is_cut_each_time_is_undecided_after_four_tries() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(whole(&pushed).ranged(false), Lie::CutAfter(90_000, End::Close));
    stand_in.lie(whole(&pushed).ranged(true).after(1), Lie::CutAfter(10, End::Close));
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:47a8a8a6d2ee`: `[storage]`: the connection broke before the answer was complete (4 tries)
        reason     connection-failed
    ");
    assert_eq!(asked(&stand_in, &pushed), 4);
}

#[test]
fn another_part_than_the_one_requested_is_no_answer() {
    let (stand_in, pushed) = serving(&layer());
    stand_in.lie(whole(&pushed).ranged(false).first(1), Lie::CutAfter(90_000, End::Close));
    let part = Lie::Header("content-range".into(), Some("bytes 5-10/11".into()));
    stand_in.lie(whole(&pushed).ranged(true).after(1), part);
    insta::assert_snapshot!(found(&gate(&stand_in).run()), @"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:47a8a8a6d2ee`: `[storage]`: the server sent another range than the one requested (2 tries)
        reason     unexpected-answer
    ");
}
