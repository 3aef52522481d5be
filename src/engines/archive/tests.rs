use super::*;
use crate::engines::{Refusal, Version};

/// An archive that is being written.
#[derive(Default)]
struct Tar(Vec<u8>);

/// A header of a file, whose checksum is not there yet.
fn header(kind: u8, name: &[u8], size: u64, target: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..name.len()].copy_from_slice(name);
    block[100..124].copy_from_slice(b"0000644\x000000000\x000000000\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[136..148].copy_from_slice(b"14000000000\0");
    block[156] = kind;
    block[157..157 + target.len()].copy_from_slice(target);
    block[257..265].copy_from_slice(b"ustar\x0000");
    block
}

impl Tar {
    fn block(mut self, mut block: [u8; BLOCK]) -> Self {
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.extend(block);
        self
    }

    fn entry(self, kind: u8, name: &str, content: &[u8], target: &str) -> Self {
        let head = header(kind, name.as_bytes(), content.len() as u64, target.as_bytes());
        self.block(head).bytes(content)
    }

    fn bytes(mut self, content: &[u8]) -> Self {
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        self
    }

    fn file(self, name: &str) -> Self {
        self.entry(b'0', name, b"some content", "")
    }

    fn folder(self, name: &str) -> Self {
        self.entry(b'5', name, b"", "")
    }

    fn link(self, name: &str, target: &str) -> Self {
        self.entry(b'2', name, b"", target)
    }

    fn hard(self, name: &str, target: &str) -> Self {
        self.entry(b'1', name, b"", target)
    }

    /// Records before the next entry.
    fn records(self, kind: u8, records: &[(&str, &[u8])]) -> Self {
        let lines: Vec<u8> = records.iter().flat_map(|(key, value)| record(key, value)).collect();
        self.entry(kind, "PaxHeaders/one", &lines, "")
    }

    fn end(mut self) -> Self {
        self.0.extend([0; 2 * BLOCK]);
        self
    }

    /// What a whole archive of these entries meets.
    fn told(self) -> String {
        told(&self.end().0)
    }
}

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = [format!(" {key}=").as_bytes(), value, b"\n"].concat();
    let is_whole = |all: &usize| *all == rest.len() + all.to_string().len();
    let length = (rest.len()..rest.len() + 9).find(is_whole).unwrap();
    [length.to_string().as_bytes(), &rest].concat()
}

fn read(bytes: &[u8], piece: usize) -> Met {
    let mut archive = Archive::default();
    bytes.chunks(piece).for_each(|piece| archive.push(piece));
    archive.end()
}

/// The rows that an archive meets; `1:` are those of a first layer, `2:` those of a later one.
fn told(bytes: &[u8]) -> String {
    let met = read(bytes, 64 << 10);
    assert_eq!(read(bytes, 1), met, "byte by byte");
    assert_eq!(read(bytes, 700), met, "in odd pieces");
    let line =
        |first: &str, refusal: &Refusal| format!("{first}{} {}", refusal.rule.id, refusal.what);
    let anywhere = met.anywhere.iter().map(|refusal| line("", refusal));
    let as_first = met.as_first.iter().map(|refusal| line("1: ", refusal));
    let above = met.above.iter().map(|refusal| line("2: ", refusal));
    anywhere.chain(as_first).chain(above).collect::<Vec<_>>().join("\n")
}

/// A line for each archive.
fn lines(rows: &[(&str, String)]) -> String {
    let line = |(what, told): &(&str, String)| {
        let told = told.replace(&"n".repeat(200), "(200 n)").replace(&"./".repeat(500), "(500 ./)");
        let told = told.replace(&"folder/".repeat(100), "(100 folder/)").replace('\n', "; ");
        format!("{what}: {}", if told.is_empty() { "-" } else { &told })
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn tar() -> Tar {
    Tar::default().folder("srv/").file("srv/number")
}

#[test]
fn an_ordinary_archive_meets_no_row() {
    let all = Tar::default()
        .folder("./")
        .folder("./srv/")
        .file("./srv/number")
        .link("./srv/soft", "number")
        .link("./bin", "usr/bin")
        .link("./srv/above", "../usr")
        .link("./srv/root", "/")
        .hard("./srv/hard", "./srv/number")
        .hard("./srv/harder", "srv/soft")
        .hard("./srv/hardest", "/srv/number")
        .entry(b'3', "./dev", b"", "")
        .entry(b'6', "./pipe", b"", "")
        .entry(0, "./old", b"x", "")
        .entry(0, "./older/", b"", "")
        .file("./srv/.wh.gone")
        .file("./srv/.wh..wh..opq")
        .file(".wh..wh..opq")
        .file("./elsewhere/deep/file")
        .records(b'g', &[("comment", b"x"), ("uid", b"nobody")])
        .records(b'x', &[("path", b"srv/long"), ("mtime", b"1.5"), ("SCHILY.xattr.user.a", b"b")])
        .file("short")
        .entry(b'L', "././@LongLink", &[b'n'; 120], "")
        .file("short");
    assert_eq!(all.told(), "");
    assert_eq!(told(&[]), "");
    assert_eq!(told(&[0; 3 * BLOCK]), "");
    assert_eq!(told(&tar().0), "", "without an end");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_gos_reader_refuses_is_refused_by_all() {
    let with = |change: &dyn Fn(&mut [u8; BLOCK])| {
        let mut block = header(b'0', b"odd", 0, b"");
        change(&mut block);
        tar().block(block).told()
    };
    let mut broken_sum = tar();
    broken_sum.0[150] ^= 1;
    let mut signed = header(b'0', b"\xff\xff", 0, b"");
    signed[148..156].fill(b' ');
    let sum: i64 = signed.iter().map(|byte| i64::from(byte.cast_signed())).sum();
    signed[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let special = |kind, bytes: &[u8]| {
        let head = header(kind, b"special", bytes.len() as u64, b"");
        tar().block(head).bytes(bytes)
    };
    let cut = |by: usize| {
        let mut all = tar().0;
        all.truncate(all.len() - by);
        told(&all)
    };
    let rows = [
        ("a wrong checksum", broken_sum.told()),
        ("a checksum of signed bytes", told(&[tar().0.as_slice(), &signed].concat())),
        ("a number of letters", with(&|block| block[100..108].copy_from_slice(b"zzzzzzz\0"))),
        ("a number behind a tab", with(&|block| block[100..108].copy_from_slice(b"\t000644\0"))),
        ("a number of nothing", with(&|block| block[100..108].fill(0))),
        (
            "a binary number",
            with(&|block| block[108..116].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 1, 0])),
        ),
        ("a large binary number", with(&|block| block[124..136].fill(0xc0 ^ 0x3f))),
        ("a negative size", with(&|block| block[124..136].fill(0xff))),
        (
            "a negative size of a folder",
            with(&|block| {
                block[124..136].fill(0xff);
                block[156] = b'5';
            }),
        ),
        ("another device in ustar", with(&|block| block[329..337].fill(b'x'))),
        (
            "the same without ustar",
            with(&|block| {
                block[257..265].fill(0);
                block[329..337].fill(b'x');
            }),
        ),
        ("one block of zeros", tar().bytes(&[0; BLOCK]).file("more").told()),
        ("cut in what a file holds", cut(BLOCK - 3)),
        ("cut behind it", cut(BLOCK - 12)),
        ("cut in a header", cut(BLOCK + 1)),
        ("a link with a size", tar().entry(b'1', "link", b"data", "srv/number").told()),
        ("no length", special(b'x', b"no length here\n").told()),
        ("another length", special(b'x', b"9 path=srv/x\n").told()),
        ("no key", special(b'x', b"5 =x\n").told()),
        ("an empty header of records", special(b'x', b"").file("more").told()),
        ("a NUL in a path", tar().records(b'x', &[("path", b"a\0b")]).file("more").told()),
        ("a NUL in a value", tar().records(b'x', &[("comment", b"a\0b")]).file("more").told()),
        ("a NUL for all", tar().records(b'g', &[("path", b"a\0b")]).file("more").told()),
        ("a user of letters", tar().records(b'x', &[("uid", b"root")]).file("more").told()),
        ("a user below 0", tar().records(b'x', &[("uid", b"-1")]).file("more").told()),
        ("a time of letters", tar().records(b'x', &[("mtime", b"now")]).file("more").told()),
        ("a size below 0", tar().records(b'x', &[("size", b"-1")]).file("more").told()),
        ("a bad user before a good one", {
            let bad = tar().records(b'x', &[("uid", b"root")]);
            bad.records(b'x', &[("uid", b"0")]).file("more").told()
        }),
        ("a bad user before a header for all", {
            let bad = tar().records(b'x', &[("uid", b"root")]);
            bad.records(b'g', &[("comment", b"x")]).file("more").told()
        }),
        ("a bad user of nobody", tar().records(b'x', &[("uid", b"root")]).told()),
        ("too many records", special(b'x', &vec![b'x'; (1 << 20) + 1]).told()),
        ("cut in records", {
            let mut all = tar().records(b'x', &[("path", b"more")]).0;
            all.truncate(all.len() - BLOCK + 5);
            told(&all)
        }),
        ("cut behind records", {
            let mut all = tar().records(b'x', &[("path", b"more")]).0;
            all.truncate(all.len() - 30);
            told(&all)
        }),
    ];
    insta::assert_snapshot!(lines(&rows), @"
    a wrong checksum: layer-archive has a header that Go's reader refuses
    a checksum of signed bytes: -
    a number of letters: layer-archive has a header that Go's reader refuses
    a number behind a tab: layer-archive has a header that Go's reader refuses
    a number of nothing: -
    a binary number: -
    a large binary number: layer-archive has a header that Go's reader refuses
    a negative size: layer-archive has a header that Go's reader refuses
    a negative size of a folder: -
    another device in ustar: layer-archive has a header that Go's reader refuses
    the same without ustar: -
    one block of zeros: layer-archive goes on behind a block of zeros
    cut in what a file holds: layer-archive ends inside an entry
    cut behind it: -
    cut in a header: layer-archive ends inside a header
    a link with a size: layer-archive has a header that Go's reader refuses
    no length: layer-archive has a header of records that Go's reader refuses
    another length: layer-archive has a header of records that Go's reader refuses
    no key: layer-archive has a header of records that Go's reader refuses
    an empty header of records: -
    a NUL in a path: layer-archive has a header of records that Go's reader refuses
    a NUL in a value: -
    a NUL for all: layer-archive has a header of records that Go's reader refuses
    a user of letters: layer-archive has a header that Go's reader refuses
    a user below 0: -
    a time of letters: layer-archive has a header that Go's reader refuses
    a size below 0: layer-archive has a header that Go's reader refuses
    a bad user before a good one: -
    a bad user before a header for all: -
    a bad user of nobody: -
    too many records: layer-archive has a header of records that is too long for Go's reader
    cut in records: layer-archive ends inside an entry
    cut behind records: -
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn entries_that_engines_do_not_unpack_meet_a_row() {
    let long = "n".repeat(256);
    let deep = "folder/".repeat(600);
    let named = |name: &str| tar().records(b'x', &[("path", name.as_bytes())]).file("short").told();
    let attribute = |key: &str| tar().records(b'x', &[(key, b"")]).file("odd").told();
    let rows = [
        ("another kind", tar().entry(b'7', "odd", b"", "").told()),
        ("another kind of whiteout", tar().entry(b'Z', ".wh.odd", b"", "").told()),
        ("another kind of root", tar().entry(b'Z', "./", b"", "").told()),
        ("a name of 256", named(&long)),
        ("a name of 255", named(&long[1..])),
        ("a whiteout of 256", named(&format!(".wh.{long}"))),
        ("a whiteout of 255", named(&format!(".wh.{}", &long[1..]))),
        ("a mark in a path of 4,200", named(&format!("{deep}.wh..wh..opq"))),
        ("a path of 4,200", named(&deep)),
        ("a path of 4,200 with detours", named(&"./".repeat(2100))),
        ("an attribute of macOS", attribute("SCHILY.xattr.com.apple.provenance")),
        ("an attribute of NFS", attribute("SCHILY.xattr.system.nfs4_acl")),
        ("an attribute of Linux", attribute("SCHILY.xattr.security.capability")),
        ("that of a whiteout", {
            tar().records(b'x', &[("SCHILY.xattr.nowhere.note", b"x")]).file(".wh.odd").told()
        }),
        ("twice", tar().file("srv/number").told()),
        ("twice in another spelling", tar().file("./srv/x/..//number").told()),
        ("once from the root", tar().file("/srv/number").told()),
        ("twice from the root", tar().file("/a").file("/b/../a").told()),
        ("two headers for all", tar().records(b'g', &[]).records(b'g', &[]).told()),
        (
            "a file like a header for all",
            tar().records(b'g', &[]).hard("x", "PaxHeaders/one").told(),
        ),
        ("above the root", tar().file("srv/../../out").told()),
        ("above the root, then below it", tar().file("../out").file("out").told()),
        ("above the root of all", tar().file("/../out").told()),
        ("the root as a file", tar().file("srv/..").told()),
        ("the root as a file, from itself", tar().file("/").told()),
        ("below a file", tar().file("srv/number/child").told()),
        ("below a device", tar().entry(b'4', "dev", b"", "").file("dev/child").told()),
        ("below a hard link to a file", tar().hard("hard", "srv/number").file("hard/child").told()),
        (
            "below a file that became a folder",
            tar().folder("srv/number/").file("srv/number/x").told(),
        ),
        ("a whiteout below a file", tar().file("srv/number/.wh.child").told()),
        ("a mark of an opaque folder below a file", tar().file("srv/number/.wh..wh..opq").told()),
        ("nowhere", tar().link("soft", "").told()),
    ];
    insta::assert_snapshot!(lines(&rows), @"
    another kind: layer-entry-kind has an entry of the kind `7`: `odd`
    another kind of whiteout: -
    another kind of root: -
    a name of 256: layer-name has a path of 256 bytes: `(200 n)nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`
    a name of 255: -
    a whiteout of 256: layer-name has a path of 260 bytes: `.wh.(200 n)nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`
    a whiteout of 255: -
    a mark in a path of 4,200: layer-name has a path of 4212 bytes: `(100 folder/)folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/fo`
    a path of 4,200: layer-name has a path of 4200 bytes: `(100 folder/)folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/folder/fo`
    a path of 4,200 with detours: -
    an attribute of macOS: layer-attribute has the extended attribute `com.apple.provenance` on `odd`
    an attribute of NFS: layer-attribute has the extended attribute `system.nfs4_acl` on `odd`
    an attribute of Linux: -
    that of a whiteout: -
    twice: layer-duplicate has one path twice: `srv/number`
    twice in another spelling: layer-duplicate has one path twice: `./srv/x/..//number`
    once from the root: -
    twice from the root: layer-duplicate has one path twice: `/b/../a`
    two headers for all: layer-duplicate has one path twice: `PaxHeaders/one`
    a file like a header for all: layer-hard-link has a hard link to what its layer does not have before it: `x`
    above the root: layer-outside has `srv/../../out`
    above the root, then below it: layer-outside has `../out`; layer-duplicate has one path twice: `out`
    above the root of all: -
    the root as a file: -
    the root as a file, from itself: layer-root has `/`, which is no folder
    below a file: layer-file-as-folder has an entry below a file: `srv/number/child`
    below a device: layer-file-as-folder has an entry below a file: `dev/child`
    below a hard link to a file: layer-file-as-folder has an entry below a file: `hard/child`
    below a file that became a folder: layer-duplicate has one path twice: `srv/number/`
    a whiteout below a file: layer-whiteout-below-file has a whiteout below a file: `srv/number/.wh.child`
    a mark of an opaque folder below a file: layer-opaque-file has the mark of an opaque folder below a file: `srv/number/.wh..wh..opq`
    nowhere: layer-symlink has a symbolic link to nowhere: `soft`
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn links_and_whiteouts_meet_a_row_by_what_is_there() {
    let through = |target: &str| tar().link("soft", target).file("soft/file");
    let rows = [
        ("behind a link", through("srv").told()),
        ("behind a link from the root", through("/srv").told()),
        ("behind a link to a file", through("srv/number").told()),
        ("behind a link to the root", through("/").told()),
        ("behind a link out", through("../srv").told()),
        ("behind a link out of a folder", tar().link("srv/l", "../../srv").file("srv/l/x").told()),
        (
            "the same of a folder without an entry",
            tar().link("a/l", "../../srv").file("a/l/x").told(),
        ),
        ("behind a link not quite out", tar().link("srv/l", "../srv").file("srv/l/x").told()),
        ("behind a link to nothing", through("missing").told()),
        ("behind a link to what comes later", through("later").folder("later/").told()),
        (
            "behind a link behind a link",
            tar().link("a", "srv").link("b", "a/sub").file("b/x").told(),
        ),
        ("behind a hard link to a link", tar().link("a", "no").hard("b", "a").file("b/x").told()),
        ("a whiteout behind a link to nothing", tar().link("a", "no").file("a/.wh.x").told()),
        ("behind what was a link", tar().link("a", "no").file(".wh.a").file("a/x").told()),
        ("a hard link to nothing", tar().hard("hard", "missing").told()),
        ("a hard link to what comes later", tar().hard("hard", "later").file("later").told()),
        ("a hard link to itself", tar().hard("hard", "./hard").told()),
        ("a hard link to a folder", tar().hard("hard", "srv").told()),
        ("a hard link to an unlisted folder", Tar::default().file("a/b").hard("hard", "a").told()),
        ("a hard link to the root", tar().hard("hard", ".").told()),
        ("a hard link above the root", tar().hard("hard", "../srv/number").told()),
        ("a hard link behind a link", tar().link("a", "srv").hard("hard", "a/number").told()),
        ("a hard link to what came behind a link", through("srv").hard("hard", "srv/file").told()),
        (
            "a hard link to a hidden file",
            tar().file("srv/.wh.number").hard("hard", "srv/number").told(),
        ),
        (
            "a hard link to what a link leads to",
            tar().link("a", "srv").hard("hard", "a/number").hard("none", "a/missing").told(),
        ),
        ("a hard link behind a link to nothing", tar().link("a", "no").hard("hard", "a/b").told()),
        (
            "a hard link behind a link with a detour",
            tar().link("a", "no/../srv").hard("hard", "a/missing").told(),
        ),
        ("a hard link to a whiteout", tar().file("srv/.wh.a").hard("hard", "srv/a").told()),
        (
            "what came behind a link, twice",
            through("srv").file(".wh.soft").file("srv/.wh.file").told(),
        ),
        ("below a whiteout", tar().file(".wh.a").file("a/b").told()),
        ("below the folder of a whiteout", tar().file(".wh.a").folder("a").file("a/b").told()),
        ("behind a link to a whiteout", tar().file(".wh.a").link("l", "a").file("l/b").told()),
        ("a whiteout below a whiteout", tar().file(".wh.a").file("a/.wh.b").told()),
        ("a mark below a whiteout", tar().file(".wh.a").file("a/.wh..wh..opq").told()),
        ("a whiteout twice", tar().file(".wh.a").file("./.wh.a").told()),
        (
            "a whiteout of a file that came behind it",
            tar().file(".wh.a").file("a").file("x/../.wh.a").told(),
        ),
        ("a whiteout behind a link", tar().link("l", "srv").file("l/.wh.number").told()),
        (
            "a whiteout behind a link to a file",
            tar().link("l", "srv/number").file("l/.wh.a").told(),
        ),
        ("a mark for AUFS", tar().file(".wh..wh.aufs").file(".wh..wh.plnk/7.7").told()),
        ("a whiteout of a file", tar().file("srv/.wh.number").told()),
        ("a whiteout of a folder", tar().file(".wh.srv").told()),
        (
            "a whiteout of a folder without an entry",
            Tar::default().file("a/b").file(".wh.a").told(),
        ),
        (
            "a whiteout of a folder with one below",
            Tar::default().folder("a/b").file(".wh.a").told(),
        ),
        ("a whiteout before its folder", Tar::default().file(".wh.a").folder("a").told()),
        ("a folder that comes again", tar().file(".wh.srv").file("srv/again").told()),
        ("a whiteout as a folder", tar().folder("srv/.wh.number").told()),
        ("a whiteout of no name", tar().file("srv/.wh.").told()),
        ("the same of a folder without an entry", Tar::default().file("a/.wh..").told()),
        ("a whiteout of no name at the root", tar().file(".wh.").told()),
        ("a whiteout of what is above", tar().file("srv/deep/.wh...").told()),
        ("the same without an entry", tar().file("other/deep/.wh...").told()),
        ("the same at the root", tar().file("srv/.wh...").told()),
    ];
    insta::assert_snapshot!(lines(&rows), @"
    behind a link: -
    behind a link from the root: -
    behind a link to a file: layer-file-as-folder has an entry below a file: `soft/file`
    behind a link to the root: -
    behind a link out: layer-through-link has an entry behind a symbolic link out of the root: `soft/file`
    behind a link out of a folder: layer-through-link has an entry behind a symbolic link out of the root: `srv/l/x`
    the same of a folder without an entry: layer-through-link has an entry behind a symbolic link out of the root: `a/l/x`
    behind a link not quite out: -
    behind a link to nothing: layer-dangling has an entry behind a symbolic link to nothing: `soft/file`
    behind a link to what comes later: layer-dangling has an entry behind a symbolic link to nothing: `soft/file`
    behind a link behind a link: -
    behind a hard link to a link: -
    a whiteout behind a link to nothing: layer-dangling has an entry behind a symbolic link to nothing: `a/.wh.x`
    behind what was a link: layer-taken-away has a whiteout of what it brings itself: `.wh.a`; layer-below-whiteout has something below what it takes away: `a/x`; 2: layer-taken-away-above has a whiteout of what it brings itself: `.wh.a`; 2: layer-below-whiteout-above has something below what it takes away: `a/x`
    a hard link to nothing: layer-hard-link has a hard link to what its layer does not have before it: `hard`
    a hard link to what comes later: layer-hard-link has a hard link to what its layer does not have before it: `hard`
    a hard link to itself: layer-hard-link has a hard link to itself: `hard`
    a hard link to a folder: layer-hard-link has a hard link to a folder: `hard`
    a hard link to an unlisted folder: layer-hard-link has a hard link to a folder: `hard`
    a hard link to the root: layer-hard-link has a hard link to the root: `hard`
    a hard link above the root: layer-outside has a hard link to what is above the root: `hard`
    a hard link behind a link: -
    a hard link to what came behind a link: -
    a hard link to a hidden file: layer-taken-away has a whiteout of what it brings itself: `srv/.wh.number`; 1: layer-link-to-whiteout has a hard link to what a whiteout took away: `hard`; 2: layer-taken-away-above has a whiteout of what it brings itself: `srv/.wh.number`
    a hard link to what a link leads to: layer-hard-link has a hard link to what its layer does not have before it: `none`
    a hard link behind a link to nothing: layer-hard-link has a hard link to what its layer does not have before it: `hard`
    a hard link behind a link with a detour: -
    a hard link to a whiteout: 1: layer-link-to-whiteout has a hard link to what a whiteout took away: `hard`
    what came behind a link, twice: layer-taken-away has a whiteout of what it brings itself: `.wh.soft`; 2: layer-taken-away-above has a whiteout of what it brings itself: `.wh.soft`
    below a whiteout: layer-below-whiteout has something below what it takes away: `a/b`; 2: layer-below-whiteout-above has something below what it takes away: `a/b`
    below the folder of a whiteout: -
    behind a link to a whiteout: layer-below-whiteout has something below what it takes away: `l/b`; 2: layer-below-whiteout-above has something below what it takes away: `l/b`
    a whiteout below a whiteout: layer-whiteout-below-whiteout has something below what it takes away: `a/.wh.b`; 2: layer-below-whiteout-above has something below what it takes away: `a/.wh.b`
    a mark below a whiteout: layer-whiteout-below-whiteout has something below what it takes away: `a/.wh..wh..opq`; 2: layer-below-whiteout-above has something below what it takes away: `a/.wh..wh..opq`
    a whiteout twice: layer-duplicate has one path twice: `./.wh.a`; layer-taken-away has a whiteout of what it brings itself: `./.wh.a`; 2: layer-taken-away-above has a whiteout of what it brings itself: `./.wh.a`
    a whiteout of a file that came behind it: layer-duplicate has one path twice: `x/../.wh.a`; layer-taken-away has a whiteout of what it brings itself: `x/../.wh.a`; 2: layer-taken-away-above has a whiteout of what it brings itself: `x/../.wh.a`
    a whiteout behind a link: layer-taken-away has a whiteout of what it brings itself: `l/.wh.number`; 2: layer-taken-away-above has a whiteout of what it brings itself: `l/.wh.number`
    a whiteout behind a link to a file: layer-whiteout-below-file has a whiteout below a file: `l/.wh.a`
    a mark for AUFS: -
    a whiteout of a file: layer-taken-away has a whiteout of what it brings itself: `srv/.wh.number`; 2: layer-taken-away-above has a whiteout of what it brings itself: `srv/.wh.number`
    a whiteout of a folder: layer-taken-away has a whiteout of what it brings itself: `.wh.srv`; layer-whiteout has a whiteout behind its folder: `.wh.srv`; 2: layer-taken-away-above has a whiteout of what it brings itself: `.wh.srv`
    a whiteout of a folder without an entry: layer-taken-away has a whiteout of what it brings itself: `.wh.a`; 2: layer-taken-away-above has a whiteout of what it brings itself: `.wh.a`
    a whiteout of a folder with one below: layer-taken-away has a whiteout of what it brings itself: `.wh.a`; layer-whiteout has a whiteout behind its folder: `.wh.a`; 2: layer-taken-away-above has a whiteout of what it brings itself: `.wh.a`
    a whiteout before its folder: -
    a folder that comes again: layer-taken-away has a whiteout of what it brings itself: `.wh.srv`; 2: layer-taken-away-above has a whiteout of what it brings itself: `.wh.srv`
    a whiteout as a folder: layer-taken-away has a whiteout of what it brings itself: `srv/.wh.number`; 2: layer-taken-away-above has a whiteout of what it brings itself: `srv/.wh.number`
    a whiteout of no name: layer-whiteout-name has a whiteout of no name: `srv/.wh.`
    the same of a folder without an entry: layer-whiteout-name has a whiteout of no name: `a/.wh..`
    a whiteout of no name at the root: layer-whiteout-name has a whiteout of no name: `.wh.`
    a whiteout of what is above: layer-whiteout-name has a whiteout of no name: `srv/deep/.wh...`
    the same without an entry: layer-whiteout-name has a whiteout of no name: `other/deep/.wh...`
    the same at the root: layer-whiteout-name has a whiteout of no name: `srv/.wh...`
    ");
}

#[test]
fn nothing_is_said_of_what_is_not_kept() {
    let mut many = Tar::default();
    for number in 0..57_400 {
        many = many.folder(&format!("a/{number}")).entry(b'0', &format!("b/{number}"), b"", "");
    }
    let many = many.hard("last", "b/57399").hard("none", "missing").file("b/57399/x");
    assert_eq!(read(&many.0, 64 << 10), Met::default());
    let with_file = Tar::default().file("a").folder("late");
    let replaced = with_file.folder("b/").file("b/c").file("b").hard("hard", "b/c");
    assert_eq!(replaced.told(), "layer-duplicate has one path twice: `b`");
}

#[test]
fn an_engine_stops_at_the_first_entry_that_all_refuse() {
    let twice = tar().link("nowhere", "").file("srv/number");
    assert_eq!(twice.told(), "layer-symlink has a symbolic link to nowhere: `nowhere`");
    let met = read(&tar().file("srv/number").0, 64);
    assert!(met.anywhere[0].is_by(Version::Podman5) && met.at(1).count() == 1);
}

#[test]
fn containerd_unpacks_a_first_layer_in_another_way() {
    let who = |tar: Tar| {
        let met = read(&tar.0, 64);
        [0, 1].map(|place| {
            let is_by = |version: &Version| met.at(place).any(|refusal| refusal.is_by(*version));
            Version::ALL
                .into_iter()
                .filter(is_by)
                .map(Version::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        })
    };
    insta::assert_debug_snapshot!([
        who(tar().file("srv/.wh.number")),
        who(tar().file("srv/.wh.gone").hard("hard", "srv/gone")),
        who(tar().file("srv/.wh.gone").file("srv/gone/again")),
        who(tar().file("srv/.wh.gone").file("srv/gone/.wh.again")),
    ], @r#"
    [
        [
            "docker 28 with its graph driver, podman 5",
            "docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7, containerd 2.x, podman 5",
        ],
        [
            "docker 28 and newer with its containerd store, containerd 1.7, containerd 2.x",
            "",
        ],
        [
            "docker 28 with its graph driver, podman 5",
            "docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7, containerd 2.x, podman 5",
        ],
        [
            "docker 28 with its graph driver",
            "docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7, containerd 2.x",
        ],
    ]
    "#);
}

#[test]
fn an_archive_that_breaks_off_meets_what_came_before() {
    let mut archive = Archive::default();
    archive.push(&tar().file("srv/number").0[..2400]);
    assert_eq!(archive.broken_off().anywhere.len(), 1);
}

#[test]
fn a_name_is_masked_before_it_is_cut() {
    let name = format!("{}secret", "n".repeat(90));
    let met = read(&tar().file(&name).file(&name).0, 64);
    let masked = met.map_texts(|text| text.replace("secret", "***"));
    assert!(masked.anywhere[0].what.ends_with("n***`"), "{:?}", masked.anywhere);
}
