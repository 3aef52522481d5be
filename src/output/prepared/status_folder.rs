//! The status folder after a run: the environments' files, then the board and the badges that are drawn of them.
//!
//! Everything happens under the folder's lock, so that runs side by side lose nothing of each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{MASKED, Writing, has_secret};
use crate::output::board::{self, Pipeline};
use crate::output::check_status::{self, StatusFiles, badge_path, has_badge, status_files};
use crate::output::status::{self, StatusFile, Updated, flat};
use crate::output::{badge, file, links};
use crate::report::{ImageReport, Report, Verdict};
use crate::settings::StatusFolder;

/// The decided images of each environment.
type Decided<'a> = BTreeMap<&'a str, Vec<&'a ImageReport>>;

impl Writing<'_> {
    /// Writes the files of the environments of which something was decided, then board and badges.
    /// The lock is waited for no longer than the run has `left`, or a second.
    pub(super) fn status(&mut self, folder: &StatusFolder, report: &Report, left: Duration) {
        let StatusFolder { directory, board, badges, services } = folder;
        let decided = by_environment(report);
        if decided.is_empty() {
            return;
        }
        let _lock = match file::lock(directory, left) {
            Ok(lock) => lock,
            Err(error) => return self.failed(directory, error.to_string()),
        };
        let mut written = Decided::new();
        let mut ours: BTreeMap<&str, Option<StatusFile>> = BTreeMap::new();
        for (environment, images) in decided {
            let path = status::path(directory, environment);
            let (file, kept) = self.environment(&path, environment, &images, services, report);
            let is_written = |image: &&ImageReport| !kept.contains(&image.request.service.name);
            written.insert(environment, images.into_iter().filter(is_written).collect());
            ours.insert(environment, file);
        }
        if board.is_none() && badges.is_none() {
            return;
        }
        let files = self.files(directory, &ours);
        if let Some(path) = board {
            self.board(path, &files, &written, report);
        }
        if let Some(folder) = badges {
            self.badges(folder, &files, &ours);
        }
    }

    /// The status files as they stand now: other runs have written theirs, and people have edited some. What
    /// stands in the folder and cannot be read is passed over aloud: it must not keep this run's images, which
    /// may be red, from the board.
    fn files(
        &mut self,
        directory: &Path,
        ours: &BTreeMap<&str, Option<StatusFile>>,
    ) -> Vec<(String, StatusFile)> {
        let StatusFiles { mut files, unreadable } = match status_files(directory) {
            Ok(found) => found,
            Err(error) => {
                self.notes.push(format!("{}: only this run's are drawn", error.with_cause()));
                StatusFiles::default()
            }
        };
        for (path, error) in unreadable {
            let is_ours =
                ours.keys().any(|environment| path == status::path(directory, environment));
            if !is_ours {
                self.notes.push(format!(
                    "cannot read `{}`: {error}; what board and badges say of it stays as it was",
                    path.display()
                ));
            }
        }
        for (environment, file) in ours {
            let Some(file) = file else { continue };
            files.retain(|(name, _)| name != environment);
            files.push(((*environment).to_owned(), file.clone()));
        }
        files.sort_by(|(left, _), (right, _)| left.cmp(right));
        files
    }

    /// Updates one file. What comes back is how it stands now, if board and badge are to be drawn of that, and
    /// the services whose line another run answered later.
    fn environment(
        &mut self,
        path: &Path,
        environment: &str,
        images: &[&ImageReport],
        services: &[String],
        report: &Report,
    ) -> (Option<StatusFile>, Vec<String>) {
        let images = self.nameable(path, images);
        let unwritten = self.unwritten.len();
        let old = match file::read_text(path, status::MOST_BYTES) {
            Ok(old) => old.unwrap_or_default(),
            Err(error) => {
                self.failed(path, error.to_string());
                String::new()
            }
        };
        let job = report.circleci.build_url.as_deref();
        let Updated { text, kept, notes } = status::updated(
            &old,
            environment,
            &images,
            services,
            report.ended_at(),
            job,
            self.redactor,
        );
        // Somebody may have edited it since it was proved.
        match flat::compare(&old, &text) {
            Err(why) => self.failed(path, why.to_string()),
            Ok(()) if text != old && self.unwritten.len() == unwritten => {
                self.put_change(path, &old, &text);
            }
            Ok(()) => {}
        }
        self.notes.extend(notes);
        let is_written = self.unwritten.len() == unwritten;
        // A red one is drawn although its line could not be written: the other way round, green would stay.
        let is_red = images.iter().any(|image| image.verdict() == Verdict::Failed);
        ((is_written || is_red).then(|| StatusFile::parse(&text)), kept)
    }

    /// The images of which a line can be written. A masked reference would name no image: of a green one that
    /// is no line, and a red one has none then, because it must not leave a green line behind.
    fn nameable<'r>(&mut self, path: &Path, images: &[&'r ImageReport]) -> Vec<&'r ImageReport> {
        let mut kept = Vec::new();
        for image in images {
            let is_red = image.verdict() == Verdict::Failed;
            let name = self.redactor.finds_in(&image.request.service.name);
            if name || (!is_red && has_secret(image, self.redactor)) {
                self.failed(path, MASKED.to_owned());
            } else {
                kept.push(*image);
            }
        }
        kept
    }

    fn board(
        &mut self,
        path: &Path,
        files: &[(String, StatusFile)],
        written: &Decided<'_>,
        report: &Report,
    ) {
        let mut rows = check_status::rows(files);
        for row in &mut rows {
            let images = written.get(row.environment.as_str()).map_or(&[][..], Vec::as_slice);
            if images.iter().any(|image| image.request.service.name == row.service) {
                row.pipeline = Pipeline::This(links::job(&report.circleci));
            }
        }
        let old = match file::read_text(path, check_status::MOST_BYTES) {
            Ok(old) => old.unwrap_or_default(),
            Err(error) => return self.failed(path, error.to_string()),
        };
        match board::updated(&old, &rows) {
            Ok(new) if new == old => {}
            Ok(new) => self.put_change(path, &old, &new),
            Err(error) => self.failed(path, error.to_string()),
        }
    }

    fn badges(
        &mut self,
        folder: &Path,
        files: &[(String, StatusFile)],
        ours: &BTreeMap<&str, Option<StatusFile>>,
    ) {
        for (environment, file) in files.iter().filter(|entry| has_badge(folder, entry)) {
            let path = badge_path(folder, environment);
            let new = badge::render(environment, file.status.as_deref());
            let masked = self.redactor.redact(&new);
            let put = || file::replace(&path, masked.as_bytes()).map_err(|error| error.to_string());
            let result = match file::read(&path, check_status::MOST_BYTES) {
                Ok(Some(old)) if old == masked.as_bytes() => Ok(()),
                Ok(Some(old)) if !badge::is_ours(&old) => {
                    Err("it is there already, and is not a badge".to_owned())
                }
                Ok(_) => put(),
                Err(error) => Err(error.to_string()),
            };
            match result {
                Ok(()) => {}
                Err(why) if ours.contains_key(environment.as_str()) => self.failed(&path, why),
                // Another environment's, of which this run says nothing.
                Err(why) => self.notes.push(format!("cannot write `{}`: {why}", path.display())),
            }
        }
    }
}

fn by_environment(report: &Report) -> Decided<'_> {
    let mut environments = Decided::new();
    for image in &report.images {
        if let Some(environment) = &image.request.environment
            && status::Light::of(image.verdict()).is_some()
        {
            environments.entry(environment).or_default().push(image);
        }
    }
    environments
}

#[cfg(test)]
mod tests;
