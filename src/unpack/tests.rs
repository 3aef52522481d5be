use std::cell::RefCell;
use std::io::Write as _;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use proptest::prelude::*;
use zstd_safe::{CCtx, CParameter};

use super::*;

/// Remembers what was lent.
#[derive(Clone, Default)]
struct Lent(Arc<Mutex<Vec<u64>>>);

impl Windows for Lent {
    fn lend(&mut self, bytes: u64) {
        self.0.lock().unwrap().push(bytes);
    }
}

/// Unpacks pieces of this length.
fn unpacked_by(piece: usize, packed: &[u8]) -> Result<Vec<u8>, Fault> {
    let out = Rc::new(RefCell::new(Vec::new()));
    let mut take = |bytes: &[u8]| {
        assert!(bytes.len() <= PIECE);
        out.borrow_mut().extend_from_slice(bytes);
        Ok(())
    };
    let mut unpacker = Unpacker::new(Box::new(Lent::default()));
    for piece in packed.chunks(piece) {
        unpacker.push(piece, &mut take)?;
    }
    unpacker.finish(&mut take)?;
    Ok(out.take())
}

/// What a layer unpacks to, however it comes in pieces.
fn unpacked(packed: &[u8]) -> Result<Vec<u8>, Fault> {
    let whole = unpacked_by(packed.len().max(1), packed);
    for piece in [1, 2, 7, 10, 1000] {
        assert_eq!(unpacked_by(piece, packed), whole, "in pieces of {piece}");
    }
    whole
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd_with(content: &[u8], parameters: &[CParameter]) -> Vec<u8> {
    let mut encoder = CCtx::create();
    for parameter in parameters {
        encoder.set_parameter(*parameter).unwrap();
    }
    let mut out = vec![0; zstd_safe::compress_bound(content.len())];
    let length = encoder.compress2(&mut out[..], content).unwrap();
    out.truncate(length);
    out
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd_with(content, &[CParameter::ChecksumFlag(true)])
}

/// A skippable frame.
fn skippable(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[0x5a, 0x2a, 0x4d, 0x18], &length.to_le_bytes()[..], content].concat()
}

/// Bytes that pack well in some places.
fn content(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24).to_le_bytes()[0]
    };
    (0..length).map(|place| if place / 512 % 3 == 0 { b'a' } else { next() }).collect()
}

fn broken(packed: &[u8]) -> &'static str {
    match unpacked(packed) {
        Err(Fault::Broken(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_packing_is_known_by_its_first_bytes_and_unpacked() {
    let content = content(300_000);
    for packed in [content.clone(), gzip(&content), zstd(&content)] {
        assert_eq!(unpacked(&packed).as_ref(), Ok(&content));
    }
    // Shorter than what engines look at.
    for short in [&b""[..], b"a", b"\x1f\x8b", b"123456789"] {
        assert_eq!(unpacked(short).as_deref(), Ok(short));
    }
    assert_eq!(unpacked(&gzip(b"")).as_deref(), Ok(&b""[..]));
    assert_eq!(unpacked(&zstd(b"")).as_deref(), Ok(&b""[..]));
    assert_eq!(unpacked(b"BZh91AY&SY.."), Err(Fault::Unsupported("bzip2")));
    assert_eq!(unpacked(b"\xfd7zXZ\0....."), Err(Fault::Unsupported("xz")));
}

#[test]
fn gzip_members_follow_each_other_and_nothing_else_does() {
    let (one, two) = (content(70_000), content(900));
    let both = [one.clone(), two.clone()].concat();
    assert_eq!(unpacked(&[gzip(&one), gzip(&two), gzip(b"")].concat()), Ok(both));
    for behind in [&b"\0"[..], b"\0\0\0\0\0\0\0\0\0\0\0\0", b"garbage behind it", b"\x1f\x8b\x09"] {
        let said = broken(&[&gzip(&one), behind].concat());
        let cut = "it ends inside of a gzip member";
        assert!(said.starts_with("invalid gzip header: what follows") || said == cut, "{said}");
    }
    assert_eq!(broken(b"\x1f\x8b\x08\xe0\0\0\0\0\0\0\xff\xff\xff"), "its gzip data is corrupt");
}

#[test]
fn a_head_of_gzip_may_have_all_that_go_reads() {
    let content = content(5_000);
    let builder =
        || GzBuilder::new().filename("layer.tar").comment("é").extra(vec![7; 300]).mtime(1);
    let mut encoder = builder().write(Vec::new(), Compression::best());
    encoder.write_all(&content).unwrap();
    assert_eq!(unpacked(&encoder.finish().unwrap()), Ok(content));
    let long = "x".repeat(600);
    let mut encoder = GzBuilder::new().filename(long).write(Vec::new(), Compression::fast());
    encoder.write_all(b"content").unwrap();
    assert_eq!(broken(&encoder.finish().unwrap()), "invalid gzip header");
    // A checksum of the head itself, right and wrong.
    let packed = gzip(b"content");
    let mut head = packed[..10].to_vec();
    head[3] = 2;
    let mut crc = flate2::Crc::new();
    crc.update(&head);
    let crc = u16::try_from(crc.sum() & 0xffff).unwrap();
    let with = |crc: u16| [&head[..], &crc.to_le_bytes(), &packed[10..]].concat();
    assert_eq!(unpacked(&with(crc)).as_deref(), Ok(&b"content"[..]));
    assert_eq!(broken(&with(crc ^ 1)), "invalid gzip header");
}

#[test]
fn zstd_frames_and_skippable_ones_follow_each_other_and_nothing_else_does() {
    let (one, two) = (content(70_000), content(900));
    let both = [one.clone(), two.clone()].concat();
    let frames =
        [skippable(b"a head"), zstd(&one), skippable(b""), zstd(&two), skippable(b"table")];
    assert_eq!(unpacked(&frames.concat()), Ok(both));
    for behind in [&b"\0"[..], b"\x28\xb5\x2f", b"\x5a\x2a\x4d\x18\x05\0\0\0four", b"garbage"] {
        let said = broken(&[&zstd(&one), behind].concat());
        assert!(
            said == "what follows a zstd frame is no other one"
                || said == "it ends inside of a zstd frame"
        );
    }
}

#[test]
fn what_is_cut_anywhere_is_no_layer() {
    let content = content(3_000);
    for packed in [[gzip(&content), gzip(&content)].concat(), zstd(&content)] {
        let ends = [gzip(&content).len()];
        for length in 10..packed.len() {
            let cut = unpacked_by(64, &packed[..length]);
            if ends.contains(&length) && packed.starts_with(&[0x1f]) {
                assert_eq!(cut, Ok(content.clone()));
            } else {
                assert!(matches!(cut, Err(Fault::Broken(_))), "{length}: {cut:?}");
            }
        }
    }
}

#[test]
fn a_checksum_that_differs_is_seen() {
    let content = content(3_000);
    for mut packed in [gzip(&content), zstd(&content)] {
        let place = packed.len() - 4;
        packed[place] ^= 1;
        assert!(matches!(unpacked(&packed), Err(Fault::Broken(_))));
    }
}

#[test]
fn a_window_is_lent_before_it_is_used_and_has_a_bound() {
    let content = content(5 << 20);
    let lent = Lent::default();
    let mut unpacker = Unpacker::new(Box::new(lent.clone()));
    let streamed = |log: u32| {
        // Without its content's size, a frame names its window.
        let mut packed =
            zstd_with(&content, &[CParameter::WindowLog(log), CParameter::ContentSizeFlag(false)]);
        packed.extend(skippable(b"-"));
        packed
    };
    for log in [20, 18, 23] {
        unpacker.push(&streamed(log), &mut |_| Ok(())).unwrap();
    }
    assert_eq!(*lent.0.lock().unwrap(), [1 << 20, 1 << 23]);
    // A head that names a window of 128 MiB and an eighth, and one of 256 MiB.
    for (byte, window) in [(0x89, (128 << 20) + (16 << 20)), (0x90, 256 << 20)] {
        let head = [0x28, 0xb5, 0x2f, 0xfd, 0, byte, 1, 0, 0, 0, 0, 0];
        assert_eq!(unpacked(&head), Err(Fault::Window(window)));
    }
}

#[test]
fn a_bomb_is_handed_on_in_pieces_and_stopped_when_enough_came() {
    let zeros = vec![0; 30 << 20];
    for packed in [gzip(&zeros), zstd(&zeros)] {
        assert!(packed.len() < 64 << 10);
        let mut came = 0;
        let mut unpacker = Unpacker::new(Box::new(Lent::default()));
        let stopped = unpacker.push(&packed, &mut |piece| {
            came += piece.len();
            if came > 1 << 20 { Err(Fault::Enough) } else { Ok(()) }
        });
        assert_eq!(stopped, Err(Fault::Enough));
        assert!(came <= (1 << 20) + PIECE);
    }
}

proptest! {
    #[test]
    fn any_bytes_come_to_an_end(packed in prop::collection::vec(any::<u8>(), 0..300), kind in 0..3_usize) {
        let start: [&[u8]; 3] = [b"", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x28\xb5\x2f\xfd"];
        let _ = unpacked(&[start[kind], &packed].concat());
    }

    #[test]
    fn whatever_was_packed_comes_back(content in prop::collection::vec(any::<u8>(), 0..5_000), cut in 0..5_000_usize) {
        let (one, two) = content.split_at(cut.min(content.len()));
        prop_assert_eq!(&unpacked(&[gzip(one), gzip(two)].concat()).unwrap(), &content);
        prop_assert_eq!(&unpacked(&[zstd(one), skippable(two), zstd(two)].concat()).unwrap(), &content);
    }
}
