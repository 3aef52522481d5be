//! The digest in what a builder or a person wrote: a digest or a reference with one, the metadata file of
//! `docker buildx build` and `docker buildx bake`, the list of references that kaniko writes.

use serde_json::{Map, Value};

use crate::oci::{Digest, Reference};
use crate::secret::Redactor;
use crate::settings::usage_error::listed;

/// The key of the digest in a builder's metadata; it is there after a push.
const DIGEST: &str = "containerimage.digest";

/// The key of the names that an image was pushed under, separated by commas.
const NAMES: &str = "image.name";

/// Why a file holds no digest of the image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoDigest {
    /// Nothing.
    #[error("is empty")]
    Empty,
    /// `{` and no JSON.
    #[error("starts like JSON but is not valid JSON")]
    NotJson,
    /// JSON of something else.
    #[error("has no `containerimage.digest` in its JSON")]
    NoKey,
    /// The key has another value.
    #[error("has a malformed `containerimage.digest`")]
    Malformed,
    /// Bake's file, where it does not say which target is meant.
    #[error(
        "is the metadata file of `docker buildx bake` with several targets ({targets}), and {} `image.name` {image}",
        if *.is_ambiguous { "several of them have the" } else { "none of them has the" }
    )]
    Bake {
        /// The targets.
        targets: String,
        /// The image that was asked for.
        image: String,
        /// Whether several targets have its name.
        is_ambiguous: bool,
    },
    /// Several lines.
    #[error("has several lines with different digests")]
    Lines,
    /// Some other text.
    #[error("holds text that is not a digest")]
    Text,
}

impl NoDigest {
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::NoKey => {
                "`docker buildx build` and `bake` write it where they push; give the file of the step that pushed"
            }
            Self::Bake { .. } => {
                "ask for the image by the name it was pushed under, or give its digest with `--expect-digest`"
            }
            Self::Lines => "give the digest of this image alone, with `--expect-digest`",
            Self::Empty | Self::NotJson | Self::Malformed | Self::Text => {
                "it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`"
            }
        }
    }
}

/// The digest in a file's text; if the file lists several images, that of `image`.
pub(super) fn read(text: &str, image: &Reference, redactor: &Redactor) -> Result<Digest, NoDigest> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(NoDigest::Empty);
    }
    if text.starts_with('{') {
        let metadata = serde_json::from_str(text).map_err(|_| NoDigest::NotJson)?;
        return in_metadata(&metadata, image, redactor);
    }
    // kaniko writes a line for each name that it pushed one image under.
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let digests = lines.map(|line| after_at(line).parse().map_err(|_| NoDigest::Text));
    one_of(digests.collect::<Result<Vec<Digest>, _>>()?, NoDigest::Lines)
}

/// The digest behind the `@` of a reference, or the text itself.
pub(super) fn after_at(text: &str) -> &str {
    text.rsplit_once('@').map_or(text, |(_, digest)| digest)
}

fn one_of(digests: Vec<Digest>, otherwise: NoDigest) -> Result<Digest, NoDigest> {
    let mut digests = digests.into_iter();
    let first = digests.next().ok_or(NoDigest::Empty)?;
    if digests.all(|digest| digest == first) { Ok(first) } else { Err(otherwise) }
}

fn in_metadata(
    metadata: &Map<String, Value>,
    image: &Reference,
    redactor: &Redactor,
) -> Result<Digest, NoDigest> {
    if let Some(digest) = metadata.get(DIGEST) {
        return parsed(digest);
    }
    let targets: Vec<(&String, &Map<String, Value>, &Value)> = metadata
        .iter()
        .filter_map(|(name, target)| {
            let target = target.as_object()?;
            Some((name, target, target.get(DIGEST)?))
        })
        .collect();
    if let [(_, _, digest)] = targets.as_slice() {
        return parsed(digest);
    }
    if targets.is_empty() {
        return Err(NoDigest::NoKey);
    }
    let of_image = targets.iter().filter(|(_, target, _)| is_named(target, image));
    let digests = of_image.map(|(_, _, digest)| parsed(digest)).collect::<Result<Vec<_>, _>>()?;
    let bake = NoDigest::Bake {
        targets: listed(targets.iter().map(|(name, _, _)| name.as_str()), redactor),
        image: listed([image.to_string().as_str()], redactor),
        is_ambiguous: !digests.is_empty(),
    };
    if digests.is_empty() { Err(bake) } else { one_of(digests, bake) }
}

fn parsed(digest: &Value) -> Result<Digest, NoDigest> {
    digest.as_str().and_then(|digest| digest.parse().ok()).ok_or(NoDigest::Malformed)
}

/// Whether a target was pushed as this image; as any tag of its repository where it has none.
fn is_named(target: &Map<String, Value>, image: &Reference) -> bool {
    let names = target.get(NAMES).and_then(Value::as_str).unwrap_or_default();
    let repository = image.name();
    names.split(',').map(str::trim).any(|name| {
        let tag = name.strip_prefix(&repository).map(|rest| rest.strip_prefix(':').unwrap_or(rest));
        match (&image.tag, tag) {
            (Some(wanted), Some(tag)) => tag == wanted.as_str(),
            (None, Some(tag)) => !tag.starts_with('/'),
            (_, None) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EMPTY: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn of(text: &str, image: &str) -> Result<String, NoDigest> {
        let digest = read(text, &image.parse().unwrap(), &Redactor::default());
        digest.map(|digest| digest.to_string())
    }

    fn told(text: &str) -> String {
        let mistake = of(text, "registry.example/team/app:x").unwrap_err();
        format!("{mistake}\n  {}", mistake.hint())
    }

    #[test]
    fn a_digest_file_has_several_forms() {
        for text in [
            format!("{EMPTY}\n"),
            format!("registry.digitalocean.com/keepkey/support-email@{EMPTY}"),
            format!(r#"{{"buildx.build.ref":"x","containerimage.digest":"{EMPTY}"}}"#),
            format!(r#"{{"app":{{"containerimage.digest":"{EMPTY}","image.name":"other"}}}}"#),
            format!("\u{feff}{EMPTY}\r\n"),
        ] {
            assert_eq!(of(&text, "r.example/a:b"), Ok(EMPTY.into()), "{text}");
        }
    }

    /// As `docker buildx bake --metadata-file` writes it.
    fn baked() -> String {
        let target = |name: &str, digit: &str| {
            format!(
                r#""{name}":{{"buildx.build.ref":"default/default/{name}",
                "containerimage.digest":"sha256:{}",
                "image.name":"registry.example/team/{name}:x,registry.example/team/{name}:y"}}"#,
                digit.repeat(64)
            )
        };
        format!(
            r#"{{{},{},"buildx.build.warnings":[{{}}]}}"#,
            target("app", "a"),
            target("web", "b")
        )
    }

    #[test]
    fn bake_s_file_has_the_digest_of_the_target_that_was_pushed_as_the_image() {
        let sha = |digit: &str| Ok(format!("sha256:{}", digit.repeat(64)));
        assert_eq!(of(&baked(), "registry.example/team/app:x"), sha("a"));
        assert_eq!(of(&baked(), "registry.example/team/web:y"), sha("b"));
        assert_eq!(of(&baked(), &format!("registry.example/team/web@{EMPTY}")), sha("b"));
        for other in
            ["registry.example/team/web:z", "registry.example/team/we:b", "r.example/app:x"]
        {
            assert!(matches!(of(&baked(), other), Err(NoDigest::Bake { .. })), "{other}");
        }
    }

    #[test]
    fn kaniko_s_lines_are_one_digest_or_none() {
        let lines = format!("r.example/a:1@{EMPTY}\r\nr.example/a:2@{EMPTY}\n\n{EMPTY}\n");
        assert_eq!(of(&lines, "r.example/a:1"), Ok(EMPTY.into()));
        let other = lines.replacen("@sha256:4", "@sha256:5", 1);
        assert_eq!(of(&other, "r.example/a:1"), Err(NoDigest::Lines));
        assert_eq!(of(&format!("{lines}latest"), "r.example/a:1"), Err(NoDigest::Text));
    }

    #[test]
    fn anything_else_is_no_digest() {
        let baked = baked().replace("team/app", "other/app");
        let twice = baked.replace("team/web", "team/app").replace("other/", "team/");
        let different = format!("{EMPTY}\n{}", EMPTY.replace('4', "5"));
        let mistakes: Vec<String> = [
            "",
            "{",
            "{}",
            r#"{"containerimage.digest":7}"#,
            r#"{"containerimage.digest":"x"}"#,
            &baked,
            &twice,
            &different,
            "latest",
        ]
        .map(told)
        .into();
        insta::assert_snapshot!(mistakes.join("\n"), @"
        is empty
          it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`
        starts like JSON but is not valid JSON
          it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`
        has no `containerimage.digest` in its JSON
          `docker buildx build` and `bake` write it where they push; give the file of the step that pushed
        has a malformed `containerimage.digest`
          it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`
        has a malformed `containerimage.digest`
          it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`
        is the metadata file of `docker buildx bake` with several targets (`app` and `web`), and none of them has the `image.name` `registry.example/team/app:x`
          ask for the image by the name it was pushed under, or give its digest with `--expect-digest`
        is the metadata file of `docker buildx bake` with several targets (`app` and `web`), and several of them have the `image.name` `registry.example/team/app:x`
          ask for the image by the name it was pushed under, or give its digest with `--expect-digest`
        has several lines with different digests
          give the digest of this image alone, with `--expect-digest`
        holds text that is not a digest
          it must hold `sha256:…`, `REPOSITORY@sha256:…` or the metadata file of `docker buildx`
        ");
    }

    proptest! {
        #[test]
        fn any_file_is_survived(text in "[{}\":a-z@0-9\\n ]{0,40}|\\PC{0,40}") {
            let _ = of(&text, "r.example/a:b");
        }
    }
}
