//! The negative control: a tag that cannot exist.

use crate::ambient::Ambient;
use crate::oci::Tag;

/// A tag that cannot exist, and that nothing between here and the registry can tell from one that may: a commit,
/// as tags of pushes hold it, with the last part of a tag of this repository (`latest-dev`: `0123…-dev`).
pub(super) fn tag(ambient: &Ambient, like: Option<&Tag>) -> String {
    let random = || ambient.random();
    let mut commit = format!("{:016x}{:016x}{:016x}", random(), random(), random());
    commit.truncate(40);
    // A part that is a commit or a number itself says nothing of how the others look.
    let part = like.and_then(|tag| tag.as_str().rsplit_once('-')).map(|(_, part)| part);
    match part
        .filter(|part| part.len() <= 32 && part.starts_with(|c: char| c.is_ascii_alphabetic()))
    {
        Some(part) => format!("{commit}-{part}"),
        None => commit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_looks_like_a_tag_of_its_repository() {
        let ambient = Ambient::system();
        let of = |like: &str| tag(&ambient, Some(&like.parse().unwrap()));
        for (like, end) in [
            ("latest-dev", "-dev"),
            ("api-v2-staging", "-staging"),
            ("0123456789abcdef0123456789abcdef01234567-dev", "-dev"),
            ("latest", ""),
            ("v1.2.3", ""),
            ("build-123", ""),
        ] {
            let control = of(like);
            let commit = control.strip_suffix(end).unwrap();
            assert_eq!(commit.len(), 40, "{control}");
            assert!(commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{control}");
            assert!(control.parse::<Tag>().is_ok(), "{control}");
        }
        assert_ne!(of("latest-dev"), of("latest-dev"));
        assert_eq!(tag(&ambient, None).len(), 40);
    }
}
