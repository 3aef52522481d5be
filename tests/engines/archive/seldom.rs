//! Entries that hardly any tool writes, each beside one that engines treat in another way.

use super::pax::record;
use super::{Tar, device};
use crate::tar::header;

pub(super) fn seldom(tar: &mut Tar, name: &str) -> bool {
    links(tar, name) || whiteouts(tar, name) || headers(tar, name)
}

fn links(tar: &mut Tar, name: &str) -> bool {
    let (symbolic, hard) = (b'2', b'1');
    match name {
        "symlink-dangling-then-through" => {
            tar.link("through", symbolic, "missing");
            tar.file("through/file", b"x\n");
        }
        "symlink-dangling-then-deep" => {
            tar.link("through", symbolic, "missing");
            tar.file("through/deep/file", b"x\n");
        }
        "symlink-out-inside-then-through" => {
            tar.link("through", symbolic, "../../srv");
            tar.file("through/file", b"x\n");
        }
        "symlink-to-file-then-through" => {
            tar.link("through", symbolic, "srv/number");
            tar.file("through/file", b"x\n");
        }
        "symlink-replaced-then-through" => {
            tar.link("through", symbolic, "missing");
            tar.file(".wh.through", b"");
            tar.file("through/file", b"x\n");
        }
        "hard-link-to-its-own-path" => {
            tar.file("srv/twice", b"a\n");
            tar.link("srv/twice", hard, "srv/twice");
        }
        "hard-link-above-to-file" => tar.link("srv/link", hard, "../srv/number"),
        "hard-link-of-symlink-then-through" => {
            tar.link("soft", symbolic, "srv");
            tar.link("hard", hard, "soft");
            tar.file("hard/file", b"x\n");
        }
        "hard-link-to-root" => tar.link("srv/link", hard, "."),
        "hard-link-empty-target" => tar.link("srv/link", hard, ""),
        "double-file-detour" => {
            tar.file("srv/twice", b"a\n");
            tar.file("srv/detour/../twice", b"b\n");
        }
        "double-absolute-file" => {
            tar.file("/srv/twice", b"a\n");
            tar.file("/srv/twice", b"b\n");
        }
        "device-as-parent" => {
            let mut head = header(b"srv/odd", b'3', 0, b"");
            device(&mut head, b'3', 1, 3);
            tar.entry(head, b"");
            tar.file("srv/odd/child", b"x\n");
        }
        _ => return false,
    }
    true
}

fn whiteouts(tar: &mut Tar, name: &str) -> bool {
    match name {
        "whiteout-empty-name-at-root" => tar.file(".wh.", b""),
        "whiteout-dot-at-root" => tar.file(".wh..", b""),
        "whiteout-directory-then-file" => {
            tar.directory("srv/gone/");
            tar.file("srv/.wh.gone", b"");
            tar.file("srv/gone/again", b"x\n");
        }
        "whiteout-then-file-in-directory" => {
            tar.file("srv/.wh.gone", b"");
            tar.directory("srv/gone/");
            tar.file("srv/gone/again", b"x\n");
        }
        "whiteout-below-file" => tar.file("srv/number/.wh.child", b""),
        "whiteout-of-parent-deep" => tar.file("srv/deep/.wh...", b""),
        "whiteout-of-parent-unlisted" => tar.file("other/deep/.wh...", b""),
        "whiteout-of-unlisted-directory" => {
            tar.directory("other/deep/");
            tar.file(".wh.other", b"");
        }
        "whiteout-of-unknown-type" => tar.entry(header(b"srv/.wh.odd", b'Z', 0, b""), b""),
        "root-of-unknown-type" => tar.entry(header(b"./", b'Z', 0, b""), b""),
        "whiteout-with-unknown-xattr" => {
            records(tar, b'x', &record("SCHILY.xattr.nowhere.note", b"x"));
            tar.file("srv/.wh.odd", b"");
        }
        _ => return false,
    }
    true
}

fn headers(tar: &mut Tar, name: &str) -> bool {
    let mut head = header(b"srv/odd", b'0', 0, b"");
    match name {
        "negative-size-of-directory" => {
            head[156] = b'5';
            head[124..136].fill(0xff);
        }
        "tab-in-number" => head[100..108].copy_from_slice(b"\t000644\0"),
        "other-ustar-version" => head[263..265].copy_from_slice(b"xx"),
        "name-too-long" => records(tar, b'x', &record("path", &[b'n'; 300])),
        "path-too-long" => records(tar, b'x', &record("path", &b"folder/".repeat(700))),
        "pax-bad-then-good" => {
            records(tar, b'x', &record("uid", b"someone"));
            records(tar, b'x', &record("uid", b"7"));
        }
        "pax-bad-before-global" => {
            records(tar, b'x', &record("uid", b"someone"));
            records(tar, b'g', &record("comment", b"x"));
        }
        "pax-xattr-unknown-namespace-empty" => {
            records(tar, b'x', &record("SCHILY.xattr.nowhere.note", b""));
        }
        "pax-xattr-system" => records(tar, b'x', &record("SCHILY.xattr.system.nfs4_acl", b"x")),
        _ => return false,
    }
    tar.entry(head, b"");
    true
}

/// The records of the next entry end, and the archive with them.
pub(super) fn cut_behind_records(tar: &mut Tar) {
    let path = record("path", b"srv/none");
    let whole = tar.0.len() + 512 + path.len();
    records(tar, b'x', &path);
    tar.0.truncate(whole);
}

/// An empty file of a long name.
pub(super) fn long(tar: &mut Tar, name: &[u8]) {
    records(tar, b'x', &record("path", name));
    tar.file("srv/short", b"");
}

fn records(tar: &mut Tar, kind: u8, records: &[u8]) {
    tar.entry(header(b"PaxHeaders/odd", kind, records.len(), b""), records);
}
