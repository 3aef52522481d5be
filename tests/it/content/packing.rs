//! How layers are packed: what engines unpack, and what they refuse.

use super::*;
use crate::stand_in::TOKEN;

/// A run at an image of one layer.
fn of(media_type: &'static str, packed: Vec<u8>, unpacked: &[u8]) -> String {
    let (stand_in, _) = serving(&[(media_type, packed, unpacked.to_vec())]);
    found(&gate(&stand_in).run())
}

fn content() -> Vec<u8> {
    Drawn::from(7).archive(9_000)
}

/// A skippable frame.
fn skippable(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[0x50, 0x2a, 0x4d, 0x18], &length.to_le_bytes()[..], content].concat()
}

#[test]
fn what_engines_unpack_is_verified_and_the_output_says_how() {
    let content = content();
    let (one, two) = content.split_at(4_000);
    let small = Drawn::from(8).archive(4_000);
    let layers = [
        (OCI_GZIP, gzip(&content), content.clone()),
        (OCI_GZIP, [gzip(one), gzip(two)].concat(), content.clone()),
        (OCI_ZSTD, [zstd(one), zstd(two)].concat(), content.clone()),
        (OCI_ZSTD, [skippable(b"head"), zstd(&content), skippable(b"")].concat(), content.clone()),
        (OCI_PLAIN, content.clone(), content.clone()),
        // Engines look at the bytes: the type alone says nothing of them.
        (OCI_GZIP, zstd_with(&content, &[]), content.clone()),
        (OCI_ZSTD, small.clone(), small),
    ];
    let (stand_in, _) = serving(&layers);
    let run = gate(&stand_in).run();
    insta::assert_snapshot!(found(&run), @"
    Some(0)
      content    every byte of 41.8 KiB in layers was read
    ");
}

#[test]
fn what_engines_fail_to_unpack_is_a_no_although_its_digest_is_right() {
    let content = content();
    let cut = |packed: Vec<u8>| packed[..packed.len() - 3].to_vec();
    let said = [
        of(OCI_GZIP, [gzip(&content), b"behind".to_vec()].concat(), &content),
        of(OCI_GZIP, [gzip(&content), vec![0; 512]].concat(), &content),
        of(OCI_GZIP, cut(gzip(&content)), &content),
        of(OCI_ZSTD, cut(zstd(&content)), &content),
        of(OCI_ZSTD, [zstd(&content), b"behind".to_vec()].concat(), &content),
        of(OCI_GZIP, gzip(&content), b"something else"),
        of(OCI_ZSTD, zstd(&content), b"something else"),
        of(DOCKER_GZIP, content.clone(), b"something else"),
    ];
    insta::assert_snapshot!(said.join("\n"), @r#"
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:61c67439fd99[..64]`) cannot be unpacked: invalid gzip header: what follows a member is no other one
        reason     diff-id-differs
      engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 does not unpack to its end: invalid gzip header: what follows a member is no other one ("gzip: invalid checksum, or unexpected EOF")
        reason     engine-refuses
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:e7f8489ccbe5[..64]`) cannot be unpacked: invalid gzip header: what follows a member is no other one
        reason     diff-id-differs
      engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 does not unpack to its end: invalid gzip header: what follows a member is no other one ("gzip: invalid checksum, or unexpected EOF")
        reason     engine-refuses
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:4499887b8646[..64]`) cannot be unpacked: it ends inside of a gzip member
        reason     diff-id-differs
      engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 does not unpack to its end: it ends inside of a gzip member ("gzip: invalid checksum, or unexpected EOF")
        reason     engine-refuses
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:ea83499e86e2[..64]`) cannot be unpacked: it ends inside of a zstd frame
        reason     diff-id-differs
      engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 does not unpack to its end: it ends inside of a zstd frame ("gzip: invalid checksum, or unexpected EOF")
        reason     engine-refuses
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:c0e5147ab3ee[..64]`) cannot be unpacked: what follows a zstd frame is no other one
        reason     diff-id-differs
      engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 does not unpack to its end: what follows a zstd frame is no other one ("gzip: invalid checksum, or unexpected EOF")
        reason     engine-refuses
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:70f13470249c[..64]`) unpacks to `sha256:4fd04118a95b[..64]` where the config says `sha256:f41f3fa625ff[..64]`
        reason     diff-id-differs
      engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 unpacks to `sha256:4fd04118a95b[..64]` ("wrong diff id calculated on extraction")
        reason     engine-refuses
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:6836aef798bb[..64]`) unpacks to `sha256:4fd04118a95b[..64]` where the config says `sha256:f41f3fa625ff[..64]`
        reason     diff-id-differs
      engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 unpacks to `sha256:4fd04118a95b[..64]` ("wrong diff id calculated on extraction")
        reason     engine-refuses
    Some(1)
      content-intact failed: layer 1 of 1 (`sha256:4fd04118a95b[..64]`) unpacks to `sha256:4fd04118a95b[..64]` where the config says `sha256:f41f3fa625ff[..64]`
        reason     diff-id-differs
      engines failed: docker 28 with its graph driver, docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 unpacks to `sha256:4fd04118a95b[..64]` ("wrong diff id calculated on extraction")
        reason     engine-refuses
    "#);
}

#[test]
fn what_this_program_does_not_unpack_is_undecided_unless_an_engine_refuses_it() {
    let content = content();
    // A window of 256 MiB.
    let wide = b"\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00\x00\x00".to_vec();
    let said =
        [of(OCI_ZSTD, wide, b""), of(DOCKER_GZIP, b"BZh91AY&SY and more".to_vec(), &content)];
    insta::assert_snapshot!(said.join("\n"), @r#"
    Some(3)
      content-intact errored: layer 1 of 1 `sha256:aa33902ff853`: a zstd window of 268435456 bytes, and at most 134217728 are kept in memory
        reason     content-too-large
    Some(1)
      engines failed: docker 28 and newer with its containerd store, containerd 1.7 and containerd 2.x refuse it: layer 1 of 1 is packed with bzip2 ("unexpected EOF, or archive/tar: invalid tar header")
        reason     engine-refuses
      content-intact errored: layer 1 of 1 `sha256:889ac4cc14cb`: packed with bzip2, which this program does not unpack
        reason     unexpected-answer
    "#);
}

#[test]
fn a_large_window_is_unpacked() {
    let content = Drawn::from(3).archive(20 << 20);
    let wide = [CParameter::WindowLog(25), CParameter::ContentSizeFlag(false)];
    let layers: Vec<_> = (0..3_u8)
        .map(|number| {
            let mut content = content.clone();
            content[1000] = number;
            (OCI_ZSTD, zstd_with(&content, &wide), content)
        })
        .collect();
    let (stand_in, _) = serving(&layers);
    let run = gate(&stand_in).run();
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
}

#[test]
fn an_archive_that_an_engine_refuses_is_a_no_and_its_names_are_masked() {
    let name = format!("srv/{TOKEN}");
    let archive = [file(&name), file(&name)].concat();
    let (stand_in, _) = serving(&[(OCI_GZIP, gzip(&archive), archive)]);
    let run = gate(&stand_in).run();
    assert!(!run.stdout.contains(&TOKEN[..20]), "{}", run.stdout);
    insta::assert_snapshot!(found(&run), @r#"
    Some(1)
      engines failed: docker 28 with its graph driver refuses it: layer 1 of 1 has one path twice: `srv/***` ("duplicates of file paths not supported")
        reason     engine-refuses
      content    every byte of 98 B in layers was read
    "#);
    assert_eq!(gate(&stand_in).args("--engine containerd").run().code, Some(0));
}
