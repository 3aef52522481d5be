//! Entries behind PAX records.

use super::Tar;
use crate::tar::header;

/// `LENGTH KEY=VALUE`, whose length counts its own digits.
pub(super) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
    let mut length = rest.len() + 1;
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    [length.to_string().as_bytes(), rest.as_slice()].concat()
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn pax(tar: &mut Tar, name: &str) -> bool {
    let mut kind = b'x';
    let records = match name {
        "pax-path" => record("path", b"srv/by-pax"),
        "pax-path-not-utf8" => record("path", b"srv/\xff\xfe"),
        "pax-path-nul" => record("path", b"srv/a\0b"),
        "pax-path-empty" => record("path", b""),
        "pax-linkpath" => record("linkpath", b"srv/number"),
        "pax-size" => record("size", b"2"),
        "pax-size-wrong" => record("size", b"99999"),
        "pax-mtime" => record("mtime", b"1700000000.123456789"),
        "pax-mtime-bad" => record("mtime", b"yesterday"),
        "pax-uid" => record("uid", b"3000000000"),
        "pax-uid-bad" => record("uid", b"someone"),
        "pax-xattr" => record("SCHILY.xattr.trusted.note", b"x"),
        "pax-xattr-user" => record("SCHILY.xattr.user.note", b"x"),
        "pax-xattr-capability" => record(
            "SCHILY.xattr.security.capability",
            &[1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
        "pax-xattr-unknown-namespace" => record("SCHILY.xattr.nowhere.note", b"x"),
        "pax-libarchive" => record("LIBARCHIVE.xattr.user.note", b"eA=="),
        "pax-global" => {
            kind = b'g';
            record("comment", b"0123456789abcdef")
        }
        "pax-global-twice" => {
            let comment = record("comment", b"0123456789abcdef");
            tar.entry(header(b"PaxHeaders/odd", b'g', comment.len(), b""), &comment);
            kind = b'g';
            comment
        }
        "pax-global-path" => {
            kind = b'g';
            record("path", b"srv/for-all")
        }
        "pax-malformed" => b"no length here\n".to_vec(),
        "pax-length-wrong" => b"9 path=srv/x\n".to_vec(),
        "pax-doubled" => [record("path", b"srv/first"), record("path", b"srv/second")].concat(),
        "pax-unknown-key" => record("MY.own.key", b"x"),
        "pax-charset" => record("hdrcharset", b"BINARY"),
        "pax-key-empty" => record("", b"x"),
        "pax-sparse" => [
            record("GNU.sparse.major", b"1"),
            record("GNU.sparse.minor", b"0"),
            record("GNU.sparse.name", b"srv/sparse"),
            record("GNU.sparse.realsize", b"4"),
        ]
        .concat(),
        "pax-without-file" => {
            let records = record("path", b"srv/none");
            tar.entry(header(b"PaxHeaders/odd", b'x', records.len(), b""), &records);
            return true;
        }
        _ => return false,
    };
    tar.entry(header(b"PaxHeaders/odd", kind, records.len(), b""), &records);
    match name {
        "pax-linkpath" => tar.entry(header(b"srv/link", b'1', 0, b"x"), b""),
        "pax-sparse" => {
            let map = [b"1\n0\n4\n".to_vec(), vec![0; 506], b"data".to_vec()].concat();
            tar.entry(header(b"GNUSparseFile.0/sparse", b'0', map.len(), b""), &map);
        }
        _ => tar.file("srv/odd", b"x\n"),
    }
    true
}
