//! What the checkout says of its CircleCI project: `.circleci/info.yml`, and the git remote `origin`.
//!
//! Files are read; no program is run, so that a checkout's own settings run nothing.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::circleci::Slug;
use crate::file::input;
use crate::yaml;

/// The most of a file that is read.
const MOST: u64 = 64 << 10;

/// The root of the checkout: the first folder from `folder` upward that holds `.git`.
pub(super) fn root(folder: &Path) -> Option<PathBuf> {
    let mut levels = folder.ancestors();
    let found = levels.find(|level| std::fs::symlink_metadata(level.join(".git")).is_ok());
    found.map(Path::to_owned)
}

#[derive(Deserialize)]
struct Info {
    project: Option<InfoProject>,
    organization: Option<InfoOrganization>,
}

#[derive(Deserialize)]
struct InfoProject {
    slug: Option<String>,
    id: Option<String>,
}

#[derive(Deserialize)]
struct InfoOrganization {
    id: Option<String>,
}

/// The project that `.circleci/info.yml` names; `None` without such a file.
///
/// # Errors
/// Why the file names none.
pub(super) fn info(root: &Path) -> Result<Option<Slug>, &'static str> {
    let path = root.join(".circleci/info.yml");
    if std::fs::symlink_metadata(&path).is_err() {
        return Ok(None);
    }
    let text = input::text(&path, MOST).map_err(|_| "it cannot be read")?;
    slug_of_info(&text)
}

/// The slug that the text of such a file names.
pub(super) fn slug_of_info(text: &str) -> Result<Option<Slug>, &'static str> {
    let info: Info = yaml::read(text).map_err(|_| "it is not the YAML that CircleCI writes")?;
    let Some(InfoProject { slug: Some(slug), id }) = info.project else {
        return Err("it has no `project.slug`");
    };
    let organization = info.organization.and_then(|organization| organization.id);
    // In front of `gh` and `bb`, the ids are no slug: the API does not find one.
    let slug = match (organization, id) {
        (Some(organization), Some(project)) if slug.starts_with("circleci/") => {
            format!("circleci/{organization}/{project}")
        }
        (_, _) => slug,
    };
    slug.parse().map(Some).map_err(|_| "its `project.slug` is not a project slug")
}

/// The address of the remote `origin`, as the checkout's git configuration has it.
pub(super) fn remote(root: &Path) -> Option<String> {
    let text = input::text(&git_folder(root)?.join("config"), MOST).ok()?;
    url_of_origin(&text)
}

/// Where the git configuration is: of a linked worktree, the folder that it shares with the others.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = input::text(&git, MOST).ok()?;
    let folder = root.join(text.trim().strip_prefix("gitdir:")?.trim());
    match input::text(&folder.join("commondir"), MOST) {
        Ok(common) => Some(folder.join(common.trim())),
        Err(_) => Some(folder),
    }
}

/// The first `url` of the remote `origin`, which is the one that git fetches from.
pub(super) fn url_of_origin(config: &str) -> Option<String> {
    let mut is_origin = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            is_origin = line.replace(' ', "").eq_ignore_ascii_case("[remote\"origin\"]");
        } else if is_origin
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            return Some(value.trim().trim_matches('"').to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_is_the_one_called_origin() {
        let config = "[core]\n\turl = no\n[remote \"fork\"]\n\turl = git@github.com:me/mail.git\n\
            [remote \"origin\"]\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n\
            \tURL = \"git@github.com:keepkey/mail.git\"\n\turl = other\n";
        assert_eq!(url_of_origin(config), Some("git@github.com:keepkey/mail.git".to_owned()));
        assert_eq!(url_of_origin("[remote \"Origin2\"]\nurl = a\n[core]\n"), None);
    }

    #[test]
    fn a_linked_worktree_shares_its_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for made in ["main/.git/worktrees/side", "side"] {
            std::fs::create_dir_all(path(made)).unwrap();
        }
        #[expect(clippy::disallowed_methods, reason = "files of the test")]
        let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
        write("main/.git/config", "[remote \"origin\"]\nurl = git@github.com:a/b.git\n");
        write("main/.git/worktrees/side/commondir", "../..\n");
        write("side/.git", "gitdir: ../main/.git/worktrees/side\n");
        for root in ["main", "side"] {
            assert_eq!(remote(&path(root)), Some("git@github.com:a/b.git".to_owned()), "{root}");
        }
        assert_eq!(remote(&path("nowhere")), None);
    }

    #[test]
    fn an_info_file_names_the_project_by_slug_or_by_ids() {
        let read = |text: &str| slug_of_info(text).map(|slug| slug.map(|slug| slug.to_string()));
        let some = |text: &str| Ok(Some(text.to_owned()));
        let ids = "organization: {id: o-1}\n";
        let project = |slug: &str| format!("{ids}project: {{id: p-1, slug: {slug}}}\n");
        assert_eq!(read(&project("circleci/AbC/dEf")), some("circleci/o-1/p-1"));
        assert_eq!(read(&project("gh/keepkey/mail")), some("gh/keepkey/mail"));
        assert_eq!(read("project: {slug: circleci/AbC/dEf}"), some("circleci/AbC/dEf"));
        assert_eq!(read(&project("gh/../mail")), Err("its `project.slug` is not a project slug"));
        assert_eq!(read("project: {id: p}"), Err("it has no `project.slug`"));
        assert_eq!(read("- a"), Err("it is not the YAML that CircleCI writes"));
    }
}
