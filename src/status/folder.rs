//! The status folder after a run: the environments' files, then the board and the badges that are drawn of them.
//!
//! Everything happens under the folder's lock, so that runs side by side lose nothing of each other.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Duration;

use crate::circleci::{Diagnosis, links};
use crate::file::{self, Writer};
use crate::report::{ImageReport, MASKED_REFERENCE, Report, Verdict};
use crate::settings::StatusFolder;
use crate::status::badge;
use crate::status::board::{self, Drawn, Pipeline};
use crate::status::files::{self, StatusFiles, has_badge};
use crate::status::{self, StatusFile, Update, Updated, flat};

/// The decided images of each environment.
type Decided<'a> = BTreeMap<&'a str, Vec<&'a ImageReport>>;

/// The status files as they are to be drawn.
struct Files {
    files: Vec<(String, StatusFile)>,
    /// The environments whose file cannot be read; `None`: not even the folder can.
    unread: Option<Vec<String>>,
}

/// Updates the files of the environments of which something was decided, then board and badges. `overtaken` says that
/// a record holds a later answer for an image, where one does.
///
/// The lock is waited for no longer than the run has `left`, or a second.
pub fn update(
    folder: &StatusFolder,
    report: &Report,
    overtaken: &dyn Fn(&ImageReport) -> Option<String>,
    left: Duration,
    writer: &mut Writer<'_>,
) {
    Folder { writer }.update(folder, report, overtaken, left);
}

/// The status folder while it is updated.
struct Folder<'w, 'r> {
    writer: &'w mut Writer<'r>,
}

impl Folder<'_, '_> {
    fn update(
        &mut self,
        folder: &StatusFolder,
        report: &Report,
        overtaken: &dyn Fn(&ImageReport) -> Option<String>,
        left: Duration,
    ) {
        let StatusFolder { directory, board, badges, services } = folder;
        let decided = by_environment(report);
        if decided.is_empty() {
            return;
        }
        let _lock = match file::lock(directory, left) {
            Ok(lock) => lock,
            Err(error) => return self.writer.failed(directory, error.to_string()),
        };
        let mut written = Decided::new();
        let mut left = Vec::new();
        let mut ours: BTreeMap<&str, Option<StatusFile>> = BTreeMap::new();
        let diagnosis = |image: &ImageReport| {
            let place = report.images.iter().position(|other| std::ptr::eq(other, image))?;
            report.diagnosis_of(place).map(Diagnosis::note)
        };
        for (environment, images) in decided {
            let path = status::path(directory, environment);
            let update = Update {
                environment,
                images: &self.nameable(&path, &images),
                services,
                clock: report.ended_at(),
                job_url: report.circleci.build_url.as_deref(),
                diagnosis: &diagnosis,
                redactor: self.writer.redactor,
                overtaken,
            };
            let (file, kept) = self.environment(&path, &update, &mut left);
            let is_written = |image: &&ImageReport| !kept.contains(&image.request.service.name);
            written.insert(environment, images.into_iter().filter(is_written).collect());
            ours.insert(environment, file);
        }
        if board.is_none() && badges.is_none() {
            return;
        }
        let files = self.files(directory, services, &ours);
        if let Some(path) = board {
            self.board(path, &files, &written, &left, report);
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
        services: &[String],
        ours: &BTreeMap<&str, Option<StatusFile>>,
    ) -> Files {
        let mut files: BTreeMap<String, StatusFile> = BTreeMap::new();
        let mut unread = Some(Vec::new());
        match files::read(directory) {
            Ok(StatusFiles { files: found, unreadable }) => {
                for entry in found {
                    files.insert(entry.environment, StatusFile::parse(&entry.text));
                }
                for (environment, path, error) in unreadable {
                    if !ours.contains_key(environment.as_str()) {
                        self.writer.notes.push(format!(
                            "cannot read `{}`: {error}; what board and badges say of it stays as it was",
                            path.display()
                        ));
                    }
                    unread.get_or_insert_default().push(environment);
                }
            }
            Err(error) => {
                let error = file::FileError::from(error);
                let folder = directory.display();
                self.writer
                    .notes
                    .push(format!("cannot list `{folder}`: {error}: only this run's are drawn"));
                unread = None;
            }
        }
        for (environment, file) in ours {
            if let Some(file) = file {
                files.insert((*environment).to_owned(), file.clone());
            }
        }
        for file in files.values_mut() {
            file.retain(services);
        }
        Files { files: files.into_iter().collect(), unread }
    }

    /// Updates one file. What comes back is how it stands now, if board and badge are to be drawn of that, and
    /// the services whose line another run answered later.
    fn environment(
        &mut self,
        path: &Path,
        update: &Update<'_>,
        removed: &mut Vec<(String, String)>,
    ) -> (Option<StatusFile>, HashSet<String>) {
        let unwritten = self.writer.unwritten.len();
        let old = match file::read_text(path, status::MOST_BYTES) {
            Ok(old) => old.unwrap_or_default(),
            Err(error) => {
                self.writer.failed(path, error.to_string());
                String::new()
            }
        };
        let Updated { text, kept, left, notes } = update.of(&old);
        // Somebody may have edited it since it was proved.
        let mut is_written = self.writer.unwritten.len() == unwritten;
        match flat::compare(&old, &text) {
            Err(why) => {
                self.writer.failed(path, why.to_string());
                is_written = false;
            }
            Ok(()) if text != old && is_written => {
                self.writer.put_change(path, &old, &text, status::MOST_BYTES);
                is_written = self.writer.unwritten.len() == unwritten;
            }
            Ok(()) => {}
        }
        if is_written {
            self.writer.notes.extend(notes);
            let environment = update.environment.to_owned();
            removed.extend(left.into_iter().map(|service| (environment.clone(), service)));
        }
        let mut services = HashSet::new();
        for (service, said) in kept {
            self.writer.failed(path, said);
            services.insert(service);
        }
        // A red one is drawn although its line could not be written: the other way round, green would stay.
        let is_red = update.images.iter().any(|image| image.verdict() == Verdict::Failed);
        ((is_written || is_red).then(|| StatusFile::parse(&text)), services)
    }

    /// The images of which a line can be written. A masked reference would name no image: of a green one that
    /// is no line, and a red one has none then, because it must not leave a green line behind.
    fn nameable<'r>(&mut self, path: &Path, images: &[&'r ImageReport]) -> Vec<&'r ImageReport> {
        let mut kept = Vec::new();
        for image in images {
            let is_red = image.verdict() == Verdict::Failed;
            let name = self.writer.redactor.finds_in(&image.request.service.name);
            if name || (!is_red && image.names_a_secret(self.writer.redactor)) {
                self.writer.failed(path, MASKED_REFERENCE.to_owned());
            } else {
                kept.push(*image);
            }
        }
        kept
    }

    fn board(
        &mut self,
        path: &Path,
        files: &Files,
        written: &Decided<'_>,
        told: &[(String, String)],
        report: &Report,
    ) {
        let Files { files, unread } = files;
        let this: HashSet<(&str, &str)> = written
            .iter()
            .flat_map(|(environment, images)| {
                images.iter().map(|image| (*environment, image.request.service.name.as_str()))
            })
            .collect();
        let mut rows = files::rows(files);
        for row in &mut rows {
            if this.contains(&(row.environment.as_str(), row.service.as_str())) {
                row.pipeline = Pipeline::This(links::job(&report.circleci));
            }
        }
        let old = match file::read_text(path, board::MOST_BYTES) {
            Ok(old) => old.unwrap_or_default(),
            Err(error) => return self.writer.failed(path, error.to_string()),
        };
        let unread: Option<Vec<&str>> =
            unread.as_ref().map(|unread| unread.iter().map(String::as_str).collect());
        match board::drawn(&old, &rows, unread.as_deref()) {
            Ok(Drawn { text, removed }) => {
                self.writer.notes.extend(files::removed_rows(&removed, told));
                if text != old {
                    self.writer.put_change(path, &old, &text, board::MOST_BYTES);
                }
            }
            Err(error) => self.writer.failed(path, error.to_string()),
        }
    }

    fn badges(&mut self, folder: &Path, files: &Files, ours: &BTreeMap<&str, Option<StatusFile>>) {
        let Files { files, unread } = files;
        for (environment, file) in files.iter().filter(|entry| has_badge(folder, entry)) {
            let path = badge::path(folder, environment);
            let new = badge::render(environment, file.status.as_deref());
            let masked = self.writer.redactor.redact(&new);
            let put = || file::replace(&path, masked.as_bytes()).map_err(|error| error.to_string());
            let result = match file::read(&path, badge::MOST_BYTES) {
                Ok(Some(old)) if old == masked.as_bytes() => Ok(()),
                Ok(Some(old)) if !badge::is_ours(&old) => {
                    Err("it already exists and is not a badge".to_owned())
                }
                Ok(_) => put(),
                Err(error) => Err(error.to_string()),
            };
            match result {
                Ok(()) => {}
                Err(why) if ours.contains_key(environment.as_str()) => {
                    self.writer.failed(&path, why);
                }
                // Another environment's, of which this run says nothing.
                Err(why) => {
                    self.writer.notes.push(format!("cannot write `{}`: {why}", path.display()));
                }
            }
        }
        let Some(unread) = unread else { return };
        let known: HashSet<&str> = files
            .iter()
            .map(|(environment, _)| environment.as_str())
            .chain(unread.iter().map(String::as_str))
            .collect();
        for (environment, path) in badge::stale(folder, &known).unwrap_or_default() {
            match file::remove(&path) {
                Ok(()) => self.writer.notes.push(badge::removed(&environment)),
                Err(error) => {
                    self.writer.notes.push(format!("cannot remove `{}`: {error}", path.display()));
                }
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
