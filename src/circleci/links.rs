//! Addresses that a report links to: the pipeline's job and the commit. Pure; nothing is fetched.
//!
//! CircleCI's variables are only trusted to be text: anything other than a plain web address is not linked.

use crate::circleci::CircleCi;

/// The links of a run, each a text and an address.
pub fn of(circleci: &CircleCi) -> Vec<(String, String)> {
    let job = job(circleci).map(|url| ("Pipeline job in CircleCI".to_owned(), url));
    let commit = commit(circleci).map(|url| {
        let short = circleci.revision.as_deref().and_then(|revision| revision.get(..7));
        (format!("Commit {}", short.unwrap_or_default()), url)
    });
    [job, commit].into_iter().flatten().collect()
}

/// The page of the job, where it is a web address.
pub fn job(circleci: &CircleCi) -> Option<String> {
    circleci.build_url.as_deref().filter(|url| is_web_address(url)).map(str::to_owned)
}

/// The page of the commit, on a host whose form of address is known.
pub fn commit(circleci: &CircleCi) -> Option<String> {
    let revision = circleci.revision.as_deref()?;
    let is_commit = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    let page = circleci.repository_page()?;
    let (host, path) = page.strip_prefix("https://")?.split_once('/')?;
    let folder = match host {
        "github.com" => "commit",
        "bitbucket.org" => "commits",
        "gitlab.com" => "-/commit",
        _ => return None,
    };
    let is_project =
        path.contains('/') && !path.split('/').any(|part| matches!(part, "" | "." | ".."));
    (is_commit && is_project).then(|| format!("{page}/{folder}/{revision}"))
}

/// Whether `url` is `https` or `http`, without a user name, and of harmless characters only.
fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        !authority.is_empty()
            && !authority.contains('@')
            && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn commit_of(repository_url: &str) -> Option<String> {
        commit(&CircleCi {
            revision: Some(COMMIT.into()),
            repository_url: Some(repository_url.into()),
            ..CircleCi::default()
        })
    }

    #[test]
    fn a_clone_address_leads_to_the_commit_and_no_password_with_it() {
        let page = Some(format!("https://github.com/keepkey/support/commit/{COMMIT}"));
        for url in [
            "git@github.com:keepkey/support.git",
            "https://github.com/keepkey/support",
            "https://user:ghp_secret@github.com/keepkey/support.git",
            "ssh://git@github.com/keepkey/support.git",
        ] {
            assert_eq!(commit_of(url), page, "{url}");
        }
        assert_eq!(
            commit_of("git@gitlab.com:a/b/c.git"),
            Some(format!("https://gitlab.com/a/b/c/-/commit/{COMMIT}"))
        );
        assert_eq!(
            commit_of("git@bitbucket.org:a/b.git"),
            Some(format!("https://bitbucket.org/a/b/commits/{COMMIT}"))
        );
    }

    #[test]
    fn what_is_not_known_is_not_linked() {
        for url in [
            "",
            "github.com",
            "git@github.example:a/b.git",
            "javascript://github.com/a/b",
            "https://github.com/../../x",
            "https://github.com/a/b\"onclick=",
            "https://github.com/a",
        ] {
            assert_eq!(commit_of(url), None, "{url}");
        }
    }

    #[test]
    fn only_a_plain_web_address_is_a_link() {
        let linked = |url: &str| {
            job(&CircleCi { build_url: Some(url.into()), ..CircleCi::default() }).is_some()
        };
        assert!(linked("https://circleci.com/gh/keepkey/support/42"));
        assert!(linked("https://app.circleci.com/pipelines/a?x=1&y=2#z"));
        for url in [
            "",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https:///x",
            "https://user:pass@circleci.com/x",
            "https://circleci.com/\"><script>",
            "https://circleci.com/\u{202e}x",
            "HTTPS://circleci.com/ x",
        ] {
            assert!(!linked(url), "{url}");
        }
    }
}
