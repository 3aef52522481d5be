//! The headers of archives.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::allow_attributes,
    reason = "each program that shares it uses a part"
)]

/// A ustar header without its checksum.
pub fn header(path: &[u8], kind: u8, size: usize, target: &[u8]) -> [u8; 512] {
    let mut head = [0; 512];
    head[..path.len()].copy_from_slice(path);
    let mode: &[u8; 8] = if kind == b'5' { b"0000755\0" } else { b"0000644\0" };
    head[100..108].copy_from_slice(mode);
    head[108..116].copy_from_slice(b"0000000\0");
    head[116..124].copy_from_slice(b"0000000\0");
    head[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    head[136..148].copy_from_slice(b"14000000000\0");
    head[156] = kind;
    head[157..157 + target.len()].copy_from_slice(target);
    head[257..265].copy_from_slice(b"ustar\x0000");
    head
}

/// Writes a header's checksum into it.
pub fn seal(head: &mut [u8; 512]) {
    head[148..156].fill(b' ');
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
