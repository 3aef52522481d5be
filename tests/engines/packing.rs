//! gzip and zstd by hand, without compression: the same bytes whatever version of a library is in use.

use ring::digest;

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(digest::digest(&digest::SHA256, bytes).as_ref()))
}

pub(crate) fn sha512(bytes: &[u8]) -> String {
    format!("sha512:{}", hex(digest::digest(&digest::SHA512, bytes).as_ref()))
}

pub(crate) fn sha384(bytes: &[u8]) -> String {
    format!("sha384:{}", hex(digest::digest(&digest::SHA384, bytes).as_ref()))
}

/// One gzip member with stored blocks.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_with(bytes, 0, &[])
}

/// One gzip member with header flags and what they announce.
pub(crate) fn gzip_with(bytes: &[u8], flags: u8, extra: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0xff];
    out.extend_from_slice(extra);
    let mut blocks = bytes.chunks(0xffff).peekable();
    if bytes.is_empty() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend(crc32(bytes).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// One zstd frame with raw blocks, its content's size in the header, no checksum.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd_with(bytes, 0xa0, &u32::try_from(bytes.len()).unwrap().to_le_bytes())
}

/// One zstd frame with this descriptor and what follows it.
pub(crate) fn zstd_with(bytes: &[u8], descriptor: u8, header: &[u8]) -> Vec<u8> {
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, descriptor];
    out.extend_from_slice(header);
    let mut blocks = bytes.chunks(0xffff).peekable();
    if bytes.is_empty() {
        out.extend([1, 0, 0]);
    }
    while let Some(block) = blocks.next() {
        let head = (u32::try_from(block.len()).unwrap() << 3) | u32::from(blocks.peek().is_none());
        out.extend(&head.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out
}

pub(crate) fn skippable_frame(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x50, 0x2a, 0x4d, 0x18];
    out.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    out.extend_from_slice(bytes);
    out
}

/// A layer's tar, packed as `how` says, and the type that names it.
pub(crate) fn packed(tar: &[u8], how: &str) -> Vec<u8> {
    let half = tar.len() / 2 / 512 * 512;
    let (first, second) = tar.split_at(half);
    match how {
        "tar" => tar.to_vec(),
        "gzip" => gzip(tar),
        "zstd" => zstd(tar),
        "gzip-two-members" => [gzip(first), gzip(second)].concat(),
        "gzip-empty-member-first" => [gzip(&[]), gzip(tar)].concat(),
        "gzip-empty-member-last" => [gzip(tar), gzip(&[])].concat(),
        "gzip-name" => gzip_with(tar, 8, b"layer.tar\0"),
        "gzip-extra" => gzip_with(tar, 4, b"\x04\0ab\0\0"),
        "gzip-comment" => gzip_with(tar, 16, b"a comment\0"),
        "gzip-header-crc" => {
            let head = crc32(&[0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 0xff]).to_le_bytes();
            gzip_with(tar, 2, &head[..2])
        }
        "gzip-reserved-flag" => gzip_with(tar, 0x80, &[]),
        "gzip-wrong-crc" => flipped(gzip(tar), 8),
        "gzip-wrong-length" => flipped(gzip(tar), 4),
        "gzip-cut-trailer" => cut(gzip(tar), 8),
        "gzip-cut-trailer-4" => cut(gzip(tar), 4),
        "gzip-cut-data" => cut(gzip(tar), 600),
        "gzip-then-zeros" => [gzip(tar), vec![0; 512]].concat(),
        "gzip-then-garbage" => [gzip(tar), b"garbage".to_vec()].concat(),
        "gzip-then-newline" => [gzip(tar), b"\n".to_vec()].concat(),
        "gzip-then-tar" => [gzip(tar), tar.to_vec()].concat(),
        "gzip-then-zstd" => [gzip(tar), zstd(&[0; 512])].concat(),
        "gzip-of-gzip" => gzip(&gzip(tar)),
        "zstd-two-frames" => [zstd(first), zstd(second)].concat(),
        "zstd-empty-frame-last" => [zstd(tar), zstd(&[])].concat(),
        "zstd-empty-frame-first" => [zstd(&[]), zstd(tar)].concat(),
        "zstd-skippable-first" => [skippable_frame(b"skip me"), zstd(tar)].concat(),
        "zstd-skippable-last" => [zstd(tar), skippable_frame(b"skip me")].concat(),
        "zstd-skippable-between" => {
            [zstd(first), skippable_frame(b"skip me"), zstd(second)].concat()
        }
        "zstd-no-size" => zstd_with(tar, 0, &[0x50]),
        "zstd-window-16m" => zstd_with(tar, 0, &[0x70]),
        "zstd-window-128m" => zstd_with(tar, 0, &[0x88]),
        "zstd-window-256m" => zstd_with(tar, 0, &[0x90]),
        "zstd-window-512m" => zstd_with(tar, 0, &[0x98]),
        "zstd-window-576m" => zstd_with(tar, 0, &[0x99]),
        "zstd-window-2g" => zstd_with(tar, 0, &[0xa8]),
        "zstd-wrong-size" => zstd_with(tar, 0xa0, &1_u32.to_le_bytes()),
        "zstd-wrong-checksum" => [zstd_with(tar, 4, &[0x50]), vec![1, 2, 3, 4]].concat(),
        "zstd-reserved-bit" => zstd_with(tar, 8, &[0x50]),
        "zstd-dictionary" => zstd_with(tar, 1, &[0x50, 7]),
        "zstd-cut" => cut(zstd(tar), 100),
        "zstd-cut-block" => cut(zstd(tar), tar.len() + 3),
        "zstd-then-zeros" => [zstd(tar), vec![0; 512]].concat(),
        "zstd-then-garbage" => [zstd(tar), b"garbage".to_vec()].concat(),
        "xz-magic" => [b"\xfd7zXZ\0".to_vec(), vec![0; 32]].concat(),
        "bzip2-magic" => [b"BZh9".to_vec(), vec![0; 32]].concat(),
        "nothing" => Vec::new(),
        "text" => b"no archive at all, a page of text instead\n".to_vec(),
        other => panic!("no packing `{other}`"),
    }
}

/// What the packed bytes unpack to by their right reading, for an honest `diff_id`.
pub(crate) fn unpacked(tar: &[u8], how: &str) -> Vec<u8> {
    match how {
        "gzip-of-gzip" => gzip(tar),
        "nothing" => Vec::new(),
        "text" | "xz-magic" | "bzip2-magic" => packed(tar, how),
        _ => tar.to_vec(),
    }
}

fn flipped(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
    bytes
}

fn cut(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    bytes.truncate(bytes.len().saturating_sub(from_end));
    bytes
}
