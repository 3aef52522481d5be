//! tar archives as nobody's library writes them.

mod below;
mod pax;
mod seldom;

use self::below::below;
use self::pax::pax;
use self::seldom::seldom;
use crate::tar::{header, seal};

/// What every layer holds: one file with bytes of its own.
pub(crate) fn plain(number: u32, salt: &str) -> Vec<u8> {
    let mut tar = Tar::default();
    tar.directory("srv/");
    tar.file("srv/number", format!("{number} {salt}\n").as_bytes());
    tar.0
}

/// The names of everything that an archive may hold beside that file.
pub(crate) const ENTRIES: &str = "\
    nothing-else no-end one-zero-block zeros-after-end garbage-after-end garbage-without-end only-an-end no-bytes \
    cut-in-a-file cut-in-a-header bad-checksum v7-header gnu-header gnu-long-name gnu-long-link gnu-sparse \
    base256-uid base256-mtime-negative huge-size negative-size odd-numbers unknown-type contiguous-file device \
    device-null fifo setuid world-writable long-prefix name-not-utf8 name-empty name-dot name-root \
    name-trailing-slash name-of-dots name-with-backslash name-with-newline absolute parent parent-inside \
    parent-deep symlink symlink-absolute symlink-out symlink-then-through symlink-out-then-through \
    symlink-empty-target symlink-to-itself hard-link hard-link-absolute hard-link-missing hard-link-before-target \
    hard-link-out hard-link-to-itself hard-link-to-directory hard-link-to-symlink hard-link-with-size double-file \
    double-directory file-then-directory directory-then-file directory-not-empty-then-file file-as-parent \
    double-symlink symlink-then-file symlink-then-directory root-as-file root-as-symlink whiteout \
    whiteout-of-nothing whiteout-same-layer whiteout-directory whiteout-empty-name whiteout-of-parent \
    whiteout-as-directory whiteout-in-missing-directory opaque opaque-at-root opaque-same-layer aufs-metadata \
    aufs-link pax-path pax-path-not-utf8 pax-path-nul pax-path-empty pax-linkpath pax-size pax-size-wrong \
    pax-mtime pax-mtime-bad pax-uid pax-uid-bad pax-xattr pax-xattr-user pax-xattr-capability \
    pax-xattr-unknown-namespace pax-libarchive pax-global pax-global-path pax-malformed pax-length-wrong \
    pax-without-file pax-doubled pax-unknown-key pax-charset pax-sparse pax-key-empty \
    symlink-absolute-then-through double-file-other-spelling double-file-absolute whiteout-then-file \
    whiteout-dot hard-link-after-whiteout hard-link-through-symlink pax-global-twice directory-then-symlink \
    symlink-dangling-then-through symlink-dangling-then-deep symlink-out-inside-then-through \
    symlink-replaced-then-through whiteout-empty-name-at-root whiteout-dot-at-root whiteout-directory-then-file \
    whiteout-of-parent-deep whiteout-of-parent-unlisted whiteout-of-unlisted-directory hard-link-to-its-own-path \
    hard-link-above-to-file hard-link-of-symlink-then-through hard-link-to-root hard-link-empty-target \
    double-file-detour double-absolute-file name-too-long path-too-long pax-bad-then-good pax-bad-before-global \
    negative-size-of-directory tab-in-number other-ustar-version whiteout-of-unknown-type root-of-unknown-type \
    whiteout-with-unknown-xattr pax-xattr-unknown-namespace-empty pax-xattr-system device-as-parent \
    whiteout-then-file-in-directory whiteout-below-file symlink-to-file-then-through cut-behind-records \
    whiteout-then-directory whiteout-then-symlink whiteout-then-hard-link whiteout-then-file-below \
    whiteout-then-whiteout-below whiteout-then-opaque-below hard-link-to-whiteout hard-link-to-whiteout-then-below \
    symlink-to-whiteout-then-through whiteout-then-file-then-whiteout double-whiteout whiteout-through-symlink \
    whiteout-through-symlink-of-file whiteout-through-symlink-to-nothing whiteout-through-symlink-to-file \
    whiteout-through-symlink-out whiteout-of-symlink whiteout-of-empty-directory opaque-in-missing-directory \
    opaque-below-file opaque-through-symlink opaque-through-symlink-to-nothing opaque-through-symlink-to-file \
    opaque-through-symlink-out whiteout-of-long-name whiteout-of-name-of-255 whiteout-of-long-path opaque-in-long-path \
    double-opaque aufs-mark-below-file link-to-low-unlisted-directory link-through-low link-with-a-slash device-zero \
    through-low through-symlink-then-hard-link through-symlink-then-twice through-two-symlinks whiteout-of-link-behind";

/// The archive of this name.
pub(crate) fn archive(number: u32, salt: &str, name: &str) -> Vec<u8> {
    let mut tar = Tar(plain(number, salt));
    let end = [0; 1024];
    match name {
        "no-end" => return tar.0,
        "one-zero-block" => tar.bytes(&[0; 512]),
        "garbage-without-end" => tar.bytes(&[b'x'; 512]),
        "only-an-end" => return end.to_vec(),
        "no-bytes" => return Vec::new(),
        "cut-in-a-file" => {
            tar.file("srv/cut", &[b'c'; 2000]);
            tar.0.truncate(tar.0.len() - 900);
        }
        "cut-in-a-header" => tar.0.truncate(1324),
        "cut-behind-records" => seldom::cut_behind_records(&mut tar),
        "garbage-after-end" => {
            tar.bytes(&end);
            tar.bytes(&[b'g'; 700]);
        }
        "zeros-after-end" => {
            tar.bytes(&end);
            tar.bytes(&[0; 10240]);
        }
        other => {
            let kinds = [odd_headers, names, links, doubles, whiteouts, pax, seldom, below];
            assert!(kinds.iter().any(|kind| kind(&mut tar, other)), "no archive `{other}`");
            tar.bytes(&end);
        }
    }
    tar.0
}

fn odd_headers(tar: &mut Tar, name: &str) -> bool {
    let mut head = header(b"srv/odd", b'0', 0, b"");
    match name {
        "nothing-else" => return true,
        "bad-checksum" => head[150] ^= 1,
        "v7-header" => head[257..265].fill(0),
        "gnu-header" => head[257..265].copy_from_slice(b"ustar  \0"),
        "base256-uid" => head[108..116].copy_from_slice(&[0x80, 0, 0, 0, 0, 0x3b, 0x9a, 0xca]),
        "base256-mtime-negative" => head[136..148].fill(0xff),
        "huge-size" => head[124..136].copy_from_slice(b"77777777777\0"),
        "negative-size" => head[124..136].fill(0xff),
        "odd-numbers" => head[108..116].copy_from_slice(b"zzzzzzz\0"),
        "unknown-type" => head[156] = b'Z',
        "contiguous-file" => head[156] = b'7',
        "fifo" => head[156] = b'6',
        "device" => device(&mut head, b'3', 8, 1),
        "device-null" => device(&mut head, b'3', 1, 3),
        "setuid" => head[100..108].copy_from_slice(b"0004755\0"),
        "world-writable" => head[100..108].copy_from_slice(b"0000777\0"),
        "long-prefix" => head[345..445].copy_from_slice(&[b'p'; 100]),
        "gnu-long-name" => {
            let long = format!("srv/{}", "n".repeat(150));
            let mut first = header(b"././@LongLink", b'L', long.len() + 1, b"");
            first[257..265].copy_from_slice(b"ustar  \0");
            tar.entry(first, format!("{long}\0").as_bytes());
        }
        "gnu-long-link" => {
            let long = format!("{}\0", "l".repeat(150));
            let mut first = header(b"././@LongLink", b'K', long.len(), b"");
            first[257..265].copy_from_slice(b"ustar  \0");
            tar.entry(first, long.as_bytes());
            head[156] = b'2';
        }
        "gnu-sparse" => {
            head[257..265].copy_from_slice(b"ustar  \0");
            head[156] = b'S';
            head[124..136].copy_from_slice(b"00000000004\0");
            head[386..410].copy_from_slice(b"00000000000\x0000000000004\x00");
            head[483..495].copy_from_slice(b"00000000004\0");
            tar.entry(head, b"data");
            return true;
        }
        _ => return false,
    }
    if name == "bad-checksum" {
        let mut sealed = header(b"srv/odd", b'0', 0, b"");
        seal(&mut sealed);
        sealed[150] ^= 1;
        tar.bytes(&sealed);
    } else {
        tar.entry(head, b"");
    }
    true
}

fn device(head: &mut [u8; 512], kind: u8, major: u8, minor: u8) {
    head[156] = kind;
    head[329..337].copy_from_slice(format!("{major:07o}\0").as_bytes());
    head[337..345].copy_from_slice(format!("{minor:07o}\0").as_bytes());
}

fn names(tar: &mut Tar, name: &str) -> bool {
    let path: &[u8] = match name {
        "name-not-utf8" => b"srv/\xff\xfe",
        "name-empty" => b"",
        "name-dot" => b".",
        "name-root" => b"/",
        "name-trailing-slash" => b"srv/slash/",
        "name-of-dots" => b"..",
        "name-with-backslash" => b"srv\\back",
        "name-with-newline" => b"srv/new\nline",
        "absolute" => b"/srv/absolute",
        "parent" => b"../outside",
        "parent-inside" => b"srv/../inside",
        "parent-deep" => b"srv/../../outside",
        "root-as-file" => b"./",
        _ => return false,
    };
    tar.entry(header(path, b'0', 2, b""), b"x\n");
    true
}

fn links(tar: &mut Tar, name: &str) -> bool {
    let (symbolic, hard) = (b'2', b'1');
    let (path, kind, target): (&str, u8, &str) = match name {
        "symlink" => ("srv/link", symbolic, "number"),
        "symlink-absolute" => ("srv/link", symbolic, "/srv/number"),
        "symlink-out" => ("srv/link", symbolic, "../../../etc/hostname"),
        "symlink-then-through" => ("through", symbolic, "srv"),
        "symlink-out-then-through" => ("through", symbolic, "../../../../tmp"),
        "symlink-absolute-then-through" => ("through", symbolic, "/srv"),
        "symlink-empty-target" => ("srv/link", symbolic, ""),
        "symlink-to-itself" => ("srv/link", symbolic, "link"),
        "root-as-symlink" => ("./", symbolic, "srv"),
        "hard-link" | "hard-link-with-size" => ("srv/link", hard, "srv/number"),
        "hard-link-absolute" => ("srv/link", hard, "/srv/number"),
        "hard-link-missing" => ("srv/link", hard, "srv/missing"),
        "hard-link-before-target" => ("srv/link", hard, "srv/later"),
        "hard-link-out" => ("srv/link", hard, "../../../../etc/hostname"),
        "hard-link-to-itself" => ("srv/link", hard, "srv/link"),
        "hard-link-to-directory" => ("srv/link", hard, "srv"),
        "hard-link-to-symlink" => {
            tar.entry(header(b"srv/soft", symbolic, 0, b"number"), b"");
            ("srv/link", hard, "srv/soft")
        }
        _ => return false,
    };
    if name == "hard-link-with-size" {
        tar.entry(header(path.as_bytes(), kind, 4, target.as_bytes()), b"data");
    } else {
        tar.entry(header(path.as_bytes(), kind, 0, target.as_bytes()), b"");
    }
    match name {
        "symlink-then-through" | "symlink-out-then-through" | "symlink-absolute-then-through" => {
            tar.file("through/file", b"x\n");
        }
        "hard-link-before-target" => tar.file("srv/later", b"x\n"),
        _ => {}
    }
    true
}

fn doubles(tar: &mut Tar, name: &str) -> bool {
    let link = header(b"srv/twice", b'2', 0, b"number");
    match name {
        "double-file" => {
            tar.file("srv/twice", b"a\n");
            tar.file("srv/twice", b"b\n");
        }
        "double-file-other-spelling" => {
            tar.file("srv/twice", b"a\n");
            tar.file("./srv//twice", b"b\n");
        }
        "double-file-absolute" => {
            tar.file("srv/twice", b"a\n");
            tar.file("/srv/twice", b"b\n");
        }
        "directory-then-symlink" => {
            tar.directory("srv/twice/");
            tar.entry(link, b"");
        }
        "hard-link-through-symlink" => {
            tar.entry(header(b"through", b'2', 0, b"srv"), b"");
            tar.entry(header(b"link", b'1', 0, b"through/number"), b"");
        }
        "hard-link-after-whiteout" => {
            tar.file("srv/.wh.number", b"");
            tar.entry(header(b"srv/link", b'1', 0, b"srv/number"), b"");
        }
        "double-directory" => {
            tar.directory("srv/twice/");
            tar.directory("srv/twice/");
        }
        "file-then-directory" => {
            tar.file("srv/twice", b"a\n");
            tar.directory("srv/twice/");
        }
        "directory-then-file" => {
            tar.directory("srv/twice/");
            tar.file("srv/twice", b"a\n");
        }
        "directory-not-empty-then-file" => {
            tar.directory("srv/twice/");
            tar.file("srv/twice/inner", b"a\n");
            tar.file("srv/twice", b"a\n");
        }
        "file-as-parent" => tar.file("srv/number/child", b"a\n"),
        "double-symlink" => {
            tar.entry(link, b"");
            tar.entry(link, b"");
        }
        "symlink-then-file" => {
            tar.entry(link, b"");
            tar.file("srv/twice", b"a\n");
        }
        "symlink-then-directory" => {
            tar.entry(link, b"");
            tar.directory("srv/twice/");
        }
        _ => return false,
    }
    true
}

fn whiteouts(tar: &mut Tar, name: &str) -> bool {
    let path = match name {
        "whiteout" | "whiteout-of-nothing" => "srv/.wh.missing",
        "whiteout-same-layer" => "srv/.wh.number",
        "whiteout-directory" => ".wh.srv",
        "whiteout-empty-name" => "srv/.wh.",
        "whiteout-of-parent" => "srv/.wh...",
        "whiteout-in-missing-directory" => "missing/.wh.file",
        "opaque" | "opaque-same-layer" => "srv/.wh..wh..opq",
        "opaque-at-root" => ".wh..wh..opq",
        "aufs-metadata" => ".wh..wh.aufs",
        "whiteout-dot" => "srv/.wh..",
        "whiteout-then-file" => {
            tar.file("srv/.wh.later", b"");
            tar.file("srv/later", b"x\n");
            return true;
        }
        "whiteout-as-directory" => {
            tar.directory("srv/.wh.number/");
            return true;
        }
        "aufs-link" => {
            tar.file(".wh..wh.plnk/7.7", b"x\n");
            tar.entry(header(b"srv/link", b'1', 0, b".wh..wh.plnk/7.7"), b"");
            return true;
        }
        _ => return false,
    };
    tar.file(path, b"");
    true
}

#[derive(Default)]
struct Tar(Vec<u8>);

impl Tar {
    fn link(&mut self, path: &str, kind: u8, target: &str) {
        self.entry(header(path.as_bytes(), kind, 0, target.as_bytes()), b"");
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn directory(&mut self, path: &str) {
        self.entry(header(path.as_bytes(), b'5', 0, b""), b"");
    }

    fn file(&mut self, path: &str, content: &[u8]) {
        self.entry(header(path.as_bytes(), b'0', content.len(), b""), content);
    }

    fn entry(&mut self, mut head: [u8; 512], content: &[u8]) {
        seal(&mut head);
        self.bytes(&head);
        self.bytes(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
    }
}
