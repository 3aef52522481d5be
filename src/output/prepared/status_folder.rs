//! The status folder after a run: the environments' files, then the board and the badges that are drawn of them.
//!
//! Everything happens under the folder's lock, so that runs side by side lose nothing of each other.

use std::collections::BTreeMap;
use std::path::Path;

use super::Writing;
use crate::output::board::{self, Pipeline};
use crate::output::check_status::{self, badge_path, status_files};
use crate::output::status::{self, StatusFile, Updated};
use crate::output::{badge, file, links};
use crate::report::{ImageReport, Report};
use crate::settings::StatusFolder;

/// The decided images of each environment.
type Decided<'a> = BTreeMap<&'a str, Vec<&'a ImageReport>>;

impl Writing<'_> {
    /// Writes the files of the environments of which something was decided, then board and badges.
    pub(super) fn status(&mut self, folder: &StatusFolder, report: &Report) {
        let StatusFolder { directory, board, badges, services } = folder;
        let decided = by_environment(report);
        if decided.is_empty() {
            return;
        }
        let _lock = match file::lock(directory) {
            Ok(lock) => lock,
            Err(error) => return self.failed(directory, error.to_string()),
        };
        let mut written = Decided::new();
        for (environment, images) in decided {
            let path = status::path(directory, environment);
            let kept = self.environment(&path, environment, &images, services, report);
            let is_written = |image: &&ImageReport| !kept.contains(&image.request.service.name);
            written.insert(environment, images.into_iter().filter(is_written).collect());
        }
        if board.is_none() && badges.is_none() {
            return;
        }
        // As they stand now: other runs have written theirs, and people have edited some.
        let files = match status_files(directory) {
            Ok(files) => files,
            Err(error) => {
                let path = board.as_ref().or(badges.as_ref()).unwrap_or(directory);
                return self.failed(path, error.with_cause());
            }
        };
        if let Some(path) = board {
            self.board(path, &files, &written, report);
        }
        if let Some(folder) = badges {
            self.badges(folder, &files);
        }
    }

    /// Updates one file. What comes back are the services whose line another run answered later.
    fn environment(
        &mut self,
        path: &Path,
        environment: &str,
        images: &[&ImageReport],
        services: &[String],
        report: &Report,
    ) -> Vec<String> {
        let old = match file::read_text(path, status::MOST_BYTES) {
            Ok(old) => old.unwrap_or_default(),
            Err(error) => {
                self.failed(path, error.to_string());
                return Vec::new();
            }
        };
        let job = report.circleci.build_url.as_deref();
        let Updated { text, kept, notes } =
            status::updated(&old, environment, images, services, report.ended_at(), job);
        if text != old {
            self.put_change(path, &old, &text);
        }
        self.notes.extend(notes);
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

    fn badges(&mut self, folder: &Path, files: &[(String, StatusFile)]) {
        for (environment, file) in files.iter().filter(|(_, file)| !file.services.is_empty()) {
            let path = badge_path(folder, environment);
            let new = badge::render(environment, file.status.as_deref());
            match file::read(&path, check_status::MOST_BYTES) {
                Ok(Some(old)) if old == new.as_bytes() => {}
                Ok(Some(old)) if !badge::is_ours(&old) => {
                    self.failed(&path, "it is there already, and is not a badge".to_owned());
                }
                Ok(_) => self.put(&path, &new),
                Err(error) => self.failed(&path, error.to_string()),
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
