//! The later answer stands: records that another run wrote meanwhile, compared with this run's answers.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::document::instant;
use crate::file::{self, FileError, FolderLock, Writer};
use crate::output::record::Known;
use crate::report::{ImageReport, Report, Verdict};
use crate::status::AHEAD;

/// An image's environment and service.
type Place<'a> = (Option<&'a str>, &'a str);

/// The records' places, each with the image that it is for.
pub(super) struct Records<'a> {
    places: Vec<(&'a ImageReport, &'a Path)>,
    of: HashMap<Place<'a>, Vec<&'a Path>>,
    clock: Timestamp,
}

impl<'a> Records<'a> {
    pub(super) fn of(records: &'a [(usize, PathBuf)], report: &'a Report) -> Self {
        let image =
            |(index, path): &'a (usize, _)| Some((report.images.get(*index)?, Path::new(path)));
        let places: Vec<(&ImageReport, &Path)> = records.iter().filter_map(image).collect();
        let mut of: HashMap<Place<'_>, Vec<&Path>> = HashMap::new();
        for (image, path) in &places {
            of.entry(place(image)).or_default().push(path);
        }
        Self { places, of, clock: report.ended_at() }
    }

    /// A sentence about the record of a later answer that stands for an image, where one does.
    pub(super) fn overtake(&self, image: &ImageReport) -> Option<String> {
        let paths = self.of.get(&place(image))?;
        paths.iter().find_map(|path| {
            let standing = standing(path).filter(|standing| standing.is_of(image))?;
            let said = self.later(&standing, image)?;
            Some(format!("the record `{}` is of {said}", path.display()))
        })
    }

    /// That a record is of a later answer than an image's, as a sentence's end.
    fn later(&self, standing: &Known, image: &ImageReport) -> Option<String> {
        let (stands, comes) = (standing.answered_at?, image.verified_at);
        let is_later = stands.as_second() > comes.as_second();
        // As with a status line: what is ahead of this machine's clock was not answered yet.
        let is_red = image.verdict() == Verdict::Failed;
        let is_ahead = stands.duration_since(self.clock) > AHEAD || is_red && stands > self.clock;
        let (stands, comes) = (instant(stands), instant(comes));
        (is_later && !is_ahead)
            .then(|| format!("a later answer, verified {stands}: this run's, {comes}, is older"))
    }

    /// Locks the records' folders against other runs. Where a file system has no locks, none is needed for a rename
    /// to be whole, and the comparison is as good as it can be.
    ///
    /// # Errors
    /// The first record whose folder another run keeps locked.
    pub(super) fn lock(&self, left: Duration) -> Result<Vec<FolderLock>, (&'a Path, FileError)> {
        // In one order for all runs, so that no two wait for each other.
        let folders: BTreeMap<&Path, &Path> =
            self.places.iter().map(|(_, path)| (file::folder(path), *path)).collect();
        let mut locks = Vec::new();
        for (folder, path) in folders {
            match file::lock(folder, left) {
                Ok(lock) => locks.push(lock),
                Err(FileError::Locked) => return Err((path, FileError::Locked)),
                Err(_) => {}
            }
        }
        Ok(locks)
    }

    /// Names each record of a later answer, over which none is written, whatever image it is of.
    pub(super) fn refuse_overtaken(&self, writer: &mut Writer<'_>) {
        for (image, path) in &self.places {
            if image.verdict() == Verdict::Verified
                && let Some(standing) = standing(path)
                && let Some(said) = self.later(&standing, image)
            {
                writer.failed(path, format!("it is of {said}"));
            }
        }
    }

    /// Removes what another run wrote meanwhile of an earlier answer than this run's no.
    pub(super) fn remove_overtaken(&self, writer: &mut Writer<'_>) {
        for (image, path) in &self.places {
            if image.verdict() != Verdict::Failed {
                continue;
            }
            let Some(standing) = standing(path).filter(|standing| standing.is_of(image)) else {
                continue;
            };
            if self.later(&standing, image).is_none() {
                let at = standing.answered_at.map(instant).unwrap_or_default();
                writer.notes.push(format!(
                    "the record `{}` of another run was removed: it is of an earlier answer ({at}) than this FAILED",
                    path.display()
                ));
                writer.keep(path, file::remove(path));
            }
        }
    }
}

/// The record that is in a place.
fn standing(path: &Path) -> Option<Known> {
    Known::of(file::open(path).ok().flatten()?)
}

fn place(image: &ImageReport) -> Place<'_> {
    (image.request.environment.as_deref(), &image.request.service.name)
}
