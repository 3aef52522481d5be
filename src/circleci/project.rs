//! Which CircleCI project a checkout belongs to, and the addresses of its pages. Pure; nothing is fetched.

use std::fmt;
use std::str::FromStr;

use crate::secret::{is_printable, percent_encoded, split_user};

/// Where CircleCI's pages are.
pub const PAGES: &str = "https://app.circleci.com";

/// The longest segment of a slug. An organisation's id has 36 characters, a repository's name at most 100.
const MOST: usize = 200;

/// A project's slug, as in `gh/keepkey/support-email`. Its last two segments are opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug {
    segments: [String; 3],
    host: SlugHost,
}

/// What the first segment of a slug says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlugHost {
    GitHub,
    Bitbucket,
    /// Ids of CircleCI's own, which name no repository.
    CircleCi,
}

/// Why a text is not a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a CircleCI project slug, as in `gh/ORGANIZATION/REPOSITORY`")]
pub struct SlugError;

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let mut parts = text.split('/');
        let (Some(host), Some(organization), Some(repository), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SlugError);
        };
        let is_odd = |part: &str| {
            matches!(part, "" | "." | "..")
                || part.len() > MOST
                || part.trim() != part
                || !part.chars().all(is_printable)
        };
        if [organization, repository].into_iter().any(is_odd) {
            return Err(SlugError);
        }
        let kind = match host {
            "gh" | "github" => SlugHost::GitHub,
            "bb" | "bitbucket" => SlugHost::Bitbucket,
            "circleci" => SlugHost::CircleCi,
            _ => return Err(SlugError),
        };
        let segments = [host, organization, repository].map(str::to_owned);
        Ok(Self { segments, host: kind })
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("/"))
    }
}

impl Slug {
    /// The slug of a git remote on GitHub or Bitbucket. Projects of other hosts have opaque slugs.
    pub fn of_remote(url: &str) -> Option<Self> {
        let rest = match url.trim().split_once("://") {
            Some(("https" | "http" | "ssh" | "git" | "git+ssh", rest)) => rest.to_owned(),
            Some(_) => return None,
            // `git@github.com:organization/repository.git`
            None => url.trim().replacen(':', "/", 1),
        };
        let (_, rest) = split_user(&rest);
        let (host, path) = rest.split_once('/')?;
        let host = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
        let short = match host.as_str() {
            "github.com" | "www.github.com" | "ssh.github.com" => "gh",
            "bitbucket.org" | "www.bitbucket.org" | "altssh.bitbucket.org" => "bb",
            _ => return None,
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
        if !path.bytes().all(is_plain) {
            return None;
        }
        format!("{short}/{path}").parse().ok()
    }

    /// The three segments as a path, each escaped by itself: a slash that is encoded is not found.
    pub fn path(&self) -> String {
        self.segments.each_ref().map(|segment| percent_encoded(segment)).join("/")
    }

    /// The same with the short first segment, which is the only one that starts pipelines.
    pub fn short_path(&self) -> String {
        let short = match self.host {
            SlugHost::GitHub => "gh",
            SlugHost::Bitbucket => "bb",
            SlugHost::CircleCi => "circleci",
        };
        self.path_with(short)
    }

    fn path_with(&self, first: &str) -> String {
        let [_, organization, repository] = &self.segments;
        format!("{first}/{}/{}", percent_encoded(organization), percent_encoded(repository))
    }

    /// Whether it names a repository, and not only ids of CircleCI's own.
    pub fn names_a_repository(&self) -> bool {
        self.host != SlugHost::CircleCi
    }

    /// Whether two slugs name the same project. Hosts compare names without their case.
    pub fn is_same(&self, other: &Self) -> bool {
        let rest = |slug: &Self| {
            let [_, organization, repository] = &slug.segments;
            format!("{organization}/{repository}")
        };
        self.host == other.host && rest(self).eq_ignore_ascii_case(&rest(other))
    }
}

/// Where a project's slug was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectFrom {
    /// `circleci.project` of the config file.
    Config,
    /// `.circleci/info.yml` of the checkout.
    Info,
    /// The git remote `origin`.
    Remote,
}

impl ProjectFrom {
    /// The word that outputs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Info => "info.yml",
            Self::Remote => "remote",
        }
    }
}

/// A project, and where its slug was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its slug.
    pub slug: Slug,
    /// Where that was found.
    pub from: ProjectFrom,
}

/// The addresses of a project's pages. They are made here: none of an answer is shown or followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages(String);

impl Pages {
    /// The pages of a project at `origin`.
    pub fn new(origin: &str, slug: &Slug) -> Self {
        let long = match slug.host {
            SlugHost::GitHub => "github",
            SlugHost::Bitbucket => "bitbucket",
            SlugHost::CircleCi => "circleci",
        };
        Self(format!("{origin}/pipelines/{}", slug.path_with(long)))
    }

    /// The pipelines of a branch.
    pub fn branch(&self, branch: &str) -> String {
        format!("{}?branch={}", self.0, percent_encoded(branch))
    }

    /// A pipeline.
    pub fn pipeline(&self, number: u64) -> String {
        format!("{}/{number}", self.0)
    }

    /// A workflow of a pipeline.
    pub fn workflow(&self, pipeline: u64, id: &str) -> String {
        format!("{}/workflows/{}", self.pipeline(pipeline), percent_encoded(id))
    }

    /// A job of a workflow.
    pub fn job(&self, pipeline: u64, workflow: &str, number: u64) -> String {
        format!("{}/jobs/{number}", self.workflow(pipeline, workflow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(url: &str) -> Option<String> {
        Slug::of_remote(url).map(|slug| slug.to_string())
    }

    #[test]
    fn a_slug_has_three_segments_and_a_host_that_is_known() {
        for good in ["gh/a/b", "github/a/b", "bb/a/b", "bitbucket/a/b", "circleci/a-1/b-2"] {
            assert_eq!(good.parse::<Slug>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "gh",
            "gh/a",
            "gh/a/b/c",
            "gh//b",
            "gh/a/",
            "gh/../b",
            "gh/a/.",
            "gl/a/b",
            "/gh/a/b",
            "GH/a/b",
            "gh/a/b ",
            "gh/a\u{7}/b",
        ] {
            assert_eq!(bad.parse::<Slug>(), Err(SlugError), "{bad}");
        }
    }

    #[test]
    fn each_segment_is_escaped_by_itself() {
        let slug: Slug = "github/a b/c%2F?d#".parse().unwrap();
        assert_eq!(slug.path(), "github/a%20b/c%252F%3Fd%23");
        assert_eq!(slug.short_path(), "gh/a%20b/c%252F%3Fd%23");
    }

    #[test]
    fn a_remote_of_github_or_bitbucket_names_the_project() {
        let mail = Some("gh/keepkey/support-email".to_owned());
        for url in [
            "https://github.com/keepkey/support-email",
            "https://github.com/keepkey/support-email.git",
            "https://user:p4ss@github.com/keepkey/support-email.git/",
            "git@github.com:keepkey/support-email.git",
            "github.com:keepkey/support-email",
            "ssh://git@github.com/keepkey/support-email.git",
            "ssh://git@ssh.github.com:443/keepkey/support-email.git",
            "HTTPS://github.com/keepkey/support-email".to_ascii_lowercase().as_str(),
        ] {
            assert_eq!(remote(url), mail, "{url}");
        }
        assert_eq!(remote("git@bitbucket.org:a/b.git"), Some("bb/a/b".to_owned()));
        for url in [
            "",
            "git@gitlab.com:a/b.git",
            "https://github.com/a",
            "https://github.com/a/b/c",
            "https://github.com.example.org/a/b",
            "https://github.com@example.org/a/b",
            "/srv/git/a.git",
            "file:///github.com/a/b",
            "https://github.com/../b",
            "https://github.com/a/b?c",
        ] {
            assert_eq!(remote(url), None, "{url}");
        }
    }

    #[test]
    fn the_same_repository_is_known_by_any_of_its_slugs() {
        let slug = |text: &str| text.parse::<Slug>().unwrap();
        assert!(slug("gh/KeepKey/mail").is_same(&slug("github/keepkey/Mail")));
        assert!(!slug("gh/keepkey/mail").is_same(&slug("bb/keepkey/mail")));
        assert!(!slug("gh/keepkey/mail").is_same(&slug("gh/keepkey/mail2")));
    }

    #[test]
    fn links_are_made_of_slug_numbers_and_ids() {
        let pages = Pages::new(PAGES, &"gh/keepkey/mail".parse().unwrap());
        let base = "https://app.circleci.com/pipelines/github/keepkey/mail";
        assert_eq!(pages.branch("fix/a&b"), format!("{base}?branch=fix%2Fa%26b"));
        assert_eq!(pages.job(7, "0a-1", 9), format!("{base}/7/workflows/0a-1/jobs/9"));
        assert_eq!(pages.workflow(7, "../x"), format!("{base}/7/workflows/..%2Fx"));
    }
}
