//! Packed layers.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::allow_attributes,
    reason = "each program that shares it uses a part; what cannot be packed ends the test"
)]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use zstd_safe::{CCtx, CParameter};

/// One gzip member, packed fast.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

/// One zstd frame.
pub fn zstd_with(content: &[u8], parameters: &[CParameter]) -> Vec<u8> {
    let mut encoder = CCtx::create();
    for parameter in parameters {
        encoder.set_parameter(*parameter).expect("a parameter of zstd");
    }
    let mut out = vec![0; zstd_safe::compress_bound(content.len())];
    let length = encoder.compress2(&mut out[..], content).expect("enough room");
    out.truncate(length);
    out
}
