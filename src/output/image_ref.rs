//! `--image-ref`: the pinned reference in a file of its own, for programs that can only read a whole file.

use crate::file::HEAD;
use crate::oci::Reference;
use crate::output::older::{Older, is_whole};
use crate::output::row::{Content, Output};
use crate::report::{ImageReport, MASKED_REFERENCE, Verdict};

/// The output.
pub(super) const OUTPUT: Output = Output {
    option: "image-ref",
    older: Older::Removed(|file| is_whole(file, HEAD, is_ours), "a pinned reference"),
    content: Content::Run(|report, context| {
        let [image] = report.images.as_slice() else { return Ok(None) };
        let text = text(image);
        if text.is_some() && image.names_a_secret(context.redactor) {
            return Err(MASKED_REFERENCE.to_owned());
        }
        Ok(text)
    }),
};

/// The pinned reference without a newline, which a reader would take for a part of it. `None` unless VERIFIED.
pub fn text(image: &ImageReport) -> Option<String> {
    image.pinned().filter(|_| image.verdict() == Verdict::Verified)
}

/// Whether a file's content is nothing, or a pinned reference.
pub fn is_ours(content: &[u8]) -> bool {
    let pinned = |text: &str| {
        text.trim_end().parse::<Reference>().is_ok_and(|reference| reference.digest.is_some())
    };
    content.is_empty() || std::str::from_utf8(content).is_ok_and(pinned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn it_is_the_pinned_reference_and_nothing_else() {
        insta::assert_snapshot!(format!("[{}]", text(&fixtures::verified()).unwrap()), @"[registry.digitalocean.com/keepkey/support-email@sha256:04618e034eb68607ef60615d88087f2e183b82cb4d06489481d8fb02a42c1f64]");
        for image in [fixtures::missing(), fixtures::stale(), fixtures::undecided()] {
            assert_eq!(text(&image), None, "{:?}", image.verdict());
        }
    }

    #[test]
    fn only_a_pinned_reference_is_replaced() {
        assert!(is_ours(b"") && is_ours(text(&fixtures::verified()).unwrap().as_bytes()));
        for other in
            ["\n", "FROM node", "r.example/a:b", "r.example/a:b@sha256:12", "r.example/a\nb"]
        {
            assert!(!is_ours(other.as_bytes()), "{other:?}");
        }
        assert!(!is_ours(b"\xff"));
    }
}
