//! Folders inside a git checkout. Git keeps no empty one, so an output's folder there is made; elsewhere a folder that
//! is missing is a path that was mistyped.

use std::fs;
use std::io;
use std::path::Path;

/// Makes a folder that is missing, if the nearest one above it that exists is in a git checkout. Elsewhere it does
/// nothing, and whoever writes there finds no folder.
///
/// # Errors
/// When it cannot be made: something that is no folder stands in its way, say.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let mut above = folder.ancestors().skip(1);
    let Some(existing) = above.find(|above| above.as_os_str().is_empty() || above.exists()) else {
        return Ok(());
    };
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    // A link in the checkout can lead out of it.
    let real = fs::canonicalize(existing)?;
    if real.ancestors().any(|above| above.join(".git").exists()) {
        fs::create_dir_all(folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_below_the_one_that_holds_git_and_nowhere_else() {
        let outside = tempfile::tempdir().unwrap();
        let checkout = tempfile::tempdir().unwrap();
        fs::create_dir(checkout.path().join(".git")).unwrap();
        let inside = checkout.path().join("docs/deployment/status");
        make(&inside).unwrap();
        assert!(inside.is_dir());
        make(&inside).unwrap();
        // In a linked worktree, `.git` is a file.
        let worktree = tempfile::tempdir().unwrap();
        crate::file::replace(&worktree.path().join(".git"), b"gitdir: x\n").unwrap();
        make(&worktree.path().join("a/b")).unwrap();
        assert!(worktree.path().join("a/b").is_dir());

        make(&outside.path().join("a/b")).unwrap();
        assert!(!outside.path().join("a").exists());
        std::os::unix::fs::symlink(outside.path(), checkout.path().join("link")).unwrap();
        make(&checkout.path().join("link/a/b")).unwrap();
        assert!(!outside.path().join("a").exists(), "a link leads out of the checkout");
        crate::file::replace(&checkout.path().join("file"), b"").unwrap();
        assert!(make(&checkout.path().join("file/a")).is_err());
    }
}
