//! The negative control: a tag that cannot exist.

use tokio::time::Instant;

use crate::ambient::Ambient;
use crate::http::{Client, MOST_CONTENT, Patience};
use crate::observation::{Control, Fact};
use crate::oci::Tag;
use crate::registry::{Repository, answers};

impl Repository {
    /// Asks the registry for a tag that cannot exist and looks like `like`. The answer is shared by all images of
    /// the repository; a failed request is repeated for the next caller.
    pub(crate) async fn control(&self, client: &Client, like: Option<&Tag>) -> Control {
        let stale = |control: &Control| !matches!(control, Control::Denied | Control::Affirmed(_));
        let fetch = async { Ok(self.ask_control(client, like).await) };
        self.control.get(stale, fetch).await.unwrap_or_else(Control::Unknown)
    }

    /// Like [`control`](Self::control), but asks again unless the answer came after `since`.
    pub(crate) async fn control_since(
        &self,
        client: &Client,
        like: Option<&Tag>,
        since: Instant,
    ) -> Control {
        let fetch = async { Ok(self.ask_control(client, like).await) };
        self.control.get_since(since, fetch).await.unwrap_or_else(Control::Unknown)
    }

    async fn ask_control(&self, client: &Client, like: Option<&Tag>) -> Control {
        let tag = tag(client.ambient(), like);
        let what = "the random tag";
        let answer = match self.get_manifest(client, &tag, what, MOST_CONTENT, Patience::Full).await
        {
            Ok(answer) => answer,
            Err(why) => return Control::Unknown(why),
        };
        let kind = client.redactor().line(&answer.media_type(), 80);
        let kind = if kind.is_empty() { "no content type".to_owned() } else { format!("`{kind}`") };
        let affirmed = format!("200 ({kind}) for the random tag `{tag}`");
        if answer.status == 200 && !answer.is_html() {
            return Control::Affirmed(affirmed);
        }
        match self.told(answers::not_ok(&answer, what, answers::Kind::Tag, client.redactor())) {
            Fact::Present(()) => Control::Affirmed(affirmed),
            Fact::Absent(_) => Control::Denied,
            // 408 and 429 are retried, and end as errors.
            Fact::Unknown(why) if (400..500).contains(&answer.status) => {
                Control::Refused { why, is_told_apart: false }
            }
            Fact::Unknown(why) => Control::Unknown(why),
        }
    }
}

/// A tag that cannot exist, and that nothing between here and the registry can distinguish from a real one: a commit,
/// as pushed tags have it, with the last part of a tag of this repository (`latest-dev`: `0123…-dev`).
fn tag(ambient: &Ambient, like: Option<&Tag>) -> String {
    let random = || ambient.random();
    let mut commit = format!("{:016x}{:016x}{:016x}", random(), random(), random());
    commit.truncate(40);
    // A number or a commit is no suffix that other tags share.
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
