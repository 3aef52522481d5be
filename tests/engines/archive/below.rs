//! What a layer has of its own, and what a lower layer has: engines unpack each layer into a folder that holds nothing else.

use super::{Tar, device, seldom};
use crate::tar::header;

pub(super) fn below(tar: &mut Tar, name: &str) -> bool {
    files(tar, name) || links(tar, name) || whiteouts(tar, name) || behind_whiteouts(tar, name)
}

fn files(tar: &mut Tar, name: &str) -> bool {
    match name {
        "low-file" => {
            tar.directory("low/");
            tar.file("low/file", b"x\n");
        }
        "low-file-unlisted" => tar.file("low/file", b"x\n"),
        "low-symlink" => tar.link("low/file", b'2', "../srv/number"),
        "low-as-file" => tar.file("low", b"x\n"),
        "low-as-symlink" => tar.link("low", b'2', "srv"),
        "through-low" => {
            tar.link("through", b'2', "low");
            tar.file("through/file", b"x\n");
        }
        "through-symlink-then-hard-link" => {
            tar.link("through", b'2', "srv");
            tar.file("through/file", b"x\n");
            tar.link("link", b'1', "srv/file");
            tar.link("other", b'1', "srv/missing");
        }
        "through-symlink-then-twice" => {
            tar.link("through", b'2', "srv");
            tar.file("through/twice", b"x\n");
            tar.file("srv/twice", b"x\n");
        }
        "through-two-symlinks" => {
            tar.link("one", b'2', "srv");
            tar.link("two", b'2', "one");
            tar.file("two/file", b"x\n");
        }
        "device-zero" => {
            let mut head = header(b"srv/odd", b'3', 0, b"");
            device(&mut head, b'3', 0, 0);
            tar.entry(head, b"");
        }
        _ => return false,
    }
    true
}

fn links(tar: &mut Tar, name: &str) -> bool {
    let target = match name {
        "link-to-low" | "link-to-low-then-file" => "low/file",
        "link-to-low-absolute" => "/low/file",
        "link-to-low-detour" => "srv/../low/file",
        "link-to-low-slash" => "low/file/",
        "link-to-low-unlisted-directory" => {
            tar.file("low/file", b"x\n");
            "low"
        }
        "link-through-low" => {
            tar.link("through", b'2', "low");
            "through/file"
        }
        "link-with-a-slash" => "srv/number/",
        _ => return false,
    };
    tar.link("srv/link", b'1', target);
    if name == "link-to-low-then-file" {
        tar.file("low/file", b"y\n");
    }
    true
}

fn whiteouts(tar: &mut Tar, name: &str) -> bool {
    match name {
        "low-file-removed" => tar.file("low/.wh.file", b""),
        "low-opaque" => {
            tar.directory("low/");
            tar.file("low/.wh..wh..opq", b"");
        }
        "double-whiteout" => {
            tar.file("srv/.wh.missing", b"");
            tar.file("srv/.wh.missing", b"");
        }
        "whiteout-of-long-name" => seldom::long(tar, &[b".wh.", &[b'n'; 256][..]].concat()),
        "whiteout-of-name-of-255" => seldom::long(tar, &[b".wh.", &[b'n'; 255][..]].concat()),
        "whiteout-of-long-path" => {
            seldom::long(tar, &[&b"folder/".repeat(700)[..], b".wh.gone"].concat());
        }
        "opaque-in-long-path" => {
            seldom::long(tar, &[&b"folder/".repeat(700)[..], b".wh..wh..opq"].concat());
        }
        "whiteout-of-link-behind" => {
            tar.link("srv/hard", b'1', "srv/number");
            tar.file("srv/.wh.hard", b"");
        }
        "whiteout-of-symlink" => {
            tar.link("srv/soft", b'2', "number");
            tar.file("srv/.wh.soft", b"");
        }
        "whiteout-of-empty-directory" => {
            tar.directory("srv/empty/");
            tar.file("srv/.wh.empty", b"");
        }
        "opaque-in-missing-directory" => tar.file("missing/.wh..wh..opq", b""),
        "opaque-below-file" => tar.file("srv/number/.wh..wh..opq", b""),
        "double-opaque" => {
            tar.file("srv/.wh..wh..opq", b"");
            tar.file("srv/.wh..wh..opq", b"");
        }
        "aufs-mark-below-file" => tar.file("srv/number/.wh..wh.odd", b""),
        _ => return whiteouts_through_a_symlink(tar, name),
    }
    true
}

fn whiteouts_through_a_symlink(tar: &mut Tar, name: &str) -> bool {
    let (target, file) = match name {
        "whiteout-through-symlink" => ("srv", "through/.wh.missing"),
        "whiteout-through-symlink-of-file" => ("srv", "through/.wh.number"),
        "whiteout-through-symlink-to-nothing" => ("missing", "through/.wh.number"),
        "whiteout-through-symlink-to-file" => ("srv/number", "through/.wh.child"),
        "whiteout-through-symlink-out" => ("../../srv", "through/.wh.missing"),
        "opaque-through-symlink" => ("srv", "through/.wh..wh..opq"),
        "opaque-through-symlink-out" => ("../../srv", "through/.wh..wh..opq"),
        "opaque-through-symlink-to-file" => ("srv/number", "through/.wh..wh..opq"),
        "opaque-through-symlink-to-nothing" => ("missing", "through/.wh..wh..opq"),
        _ => return false,
    };
    tar.link("through", b'2', target);
    tar.file(file, b"");
    true
}

fn behind_whiteouts(tar: &mut Tar, name: &str) -> bool {
    tar.file("srv/.wh.gone", b"");
    match name {
        "whiteout-then-directory" => tar.directory("srv/gone/"),
        "whiteout-then-symlink" => tar.link("srv/gone", b'2', "number"),
        "whiteout-then-hard-link" => tar.link("srv/gone", b'1', "srv/number"),
        "whiteout-then-file-below" => tar.file("srv/gone/again", b"x\n"),
        "whiteout-then-whiteout-below" => tar.file("srv/gone/.wh.again", b""),
        "whiteout-then-opaque-below" => tar.file("srv/gone/.wh..wh..opq", b""),
        "hard-link-to-whiteout" => tar.link("srv/link", b'1', "srv/gone"),
        "hard-link-to-whiteout-then-below" => {
            tar.link("srv/link", b'1', "srv/gone");
            tar.file("srv/link/file", b"x\n");
        }
        "symlink-to-whiteout-then-through" => {
            tar.link("through", b'2', "srv/gone");
            tar.file("through/file", b"x\n");
        }
        "whiteout-then-file-then-whiteout" => {
            tar.file("srv/gone", b"x\n");
            tar.file("srv/.wh.gone", b"");
        }
        _ => return false,
    }
    true
}
