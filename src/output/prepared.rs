//! The outputs of a run: proved writable before the first request, written once after the last answer.
//!
//! The order is JUnit, status, failure reason, others, and the records last: whoever finds a record
//! can rely on everything else being there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::output::file::{self, FileError};
use crate::output::record::Record;
use crate::output::{Unwritten, failure_reason, image_ref, junit, status};
use crate::report::{ImageReport, Report, Verdict};
use crate::secret::Redactor;
use crate::settings::{Outputs, Settings, StatusFolder};

mod prove;

pub use prove::OutputError;

/// The outputs of a run, proved writable.
#[derive(Debug)]
pub struct Prepared {
    /// The place of an image in the report, and the path of its record.
    records: Vec<(usize, PathBuf)>,
}

impl Prepared {
    /// Writes every output. What comes back could not be written.
    ///
    /// A record is written for a VERIFIED image, and only when everything before it was written.
    pub fn write(&self, report: &Report, settings: &Settings) -> Vec<Unwritten> {
        let mut writing = Writing { redactor: &settings.redactor, unwritten: Vec::new() };
        let Outputs {
            junit,
            record: _,
            record_dir: _,
            image_ref: _,
            failure_reason,
            html: _,
            pulumi_config: _,
            status,
            config_file,
        } = &settings.outputs;
        if let Some(path) = junit {
            match junit::text(report, config_file) {
                Ok(text) => writing.put(path, &text),
                Err(error) => writing.failed(path, error.to_string()),
            }
        }
        if let Some(folder) = status {
            writing.status(folder, report);
        }
        if let Some(path) = failure_reason {
            match failure_reason::text(report) {
                Some(text) => writing.put(path, &text),
                None => writing.keep(path, file::remove(path)),
            }
        }
        for (path, text) in others(report, settings) {
            writing.put(&path, &text);
        }
        if writing.unwritten.is_empty() {
            self.write_records(report, &mut writing);
        }
        writing.unwritten
    }

    /// The records, all or none: with one missing, the others would be a part that looks like the whole.
    fn write_records(&self, report: &Report, writing: &mut Writing<'_>) {
        let mut written: Vec<&Path> = Vec::new();
        for (index, path) in &self.records {
            let Some(image) = report.images.get(*index) else { continue };
            if image.verdict() != Verdict::Verified {
                continue;
            }
            match Record::of(image, report) {
                Some(record) => writing.put(path, &record.to_json()),
                None => writing.failed(path, "the image has no tag or no facts".to_owned()),
            }
            if !writing.unwritten.is_empty() {
                for path in written {
                    writing.keep(path, file::remove(path));
                }
                return;
            }
            written.push(path);
        }
    }
}

/// What is written besides JUnit, status, failure reason and records, in this order.
fn others(report: &Report, settings: &Settings) -> Vec<(PathBuf, String)> {
    let mut others = Vec::new();
    if let (Some(path), [image]) = (&settings.outputs.image_ref, report.images.as_slice()) {
        others.extend(image_ref::text(image).map(|text| (path.clone(), text)));
    }
    others
}

/// Writes one file after the other and remembers what went wrong.
struct Writing<'a> {
    redactor: &'a Redactor,
    unwritten: Vec<Unwritten>,
}

impl Writing<'_> {
    fn put(&mut self, path: &Path, text: &str) {
        let masked = self.redactor.redact(text);
        self.keep(path, file::replace(path, masked.as_bytes()));
    }

    fn keep(&mut self, path: &Path, result: Result<(), FileError>) {
        if let Err(error) = result {
            self.failed(path, error.to_string());
        }
    }

    fn failed(&mut self, path: &Path, message: String) {
        self.unwritten.push(Unwritten { path: path.to_owned(), message });
    }

    /// Reads, changes and writes each environment's file under the folder's lock.
    fn status(&mut self, folder: &StatusFolder, report: &Report) {
        let StatusFolder { directory, board: _, badges: _, services } = folder;
        let environments = by_environment(report);
        if environments.is_empty() {
            return;
        }
        let _lock = match file::lock(directory) {
            Ok(lock) => lock,
            Err(error) => return self.failed(directory, error.to_string()),
        };
        for (environment, images) in environments {
            let path = status::path(directory, environment);
            let Some(now) = images.iter().map(|image| image.verified_at).max() else { continue };
            match file::read_text(&path, status::MOST_BYTES) {
                Ok(old) => {
                    let old = old.unwrap_or_default();
                    let job = report.circleci.build_url.as_deref();
                    let new = status::updated(&old, environment, &images, services, now, job);
                    self.put(&path, &new);
                }
                Err(error) => self.failed(&path, error.to_string()),
            }
        }
    }
}

/// What the reader should know of the outputs: which were left out on purpose, and where the record is.
pub fn remarks(report: &Report, settings: &Settings, unwritten: &[Unwritten]) -> Vec<String> {
    let mut remarks = Vec::new();
    if settings.outputs.status.is_some() {
        let mut left: Vec<&str> = Vec::new();
        for image in &report.images {
            let undecided = status::Light::of(image.verdict()).is_none();
            if undecided && !left.contains(&image.request.service.name.as_str()) {
                left.push(&image.request.service.name);
            }
        }
        if !left.is_empty() {
            let left = left.join(", ");
            remarks.push(format!("the status of {left} stays as it was: the verdict is UNDECIDED"));
        }
    }
    let wanted = settings.outputs.record.is_some() || settings.outputs.record_dir.is_some();
    if wanted && !unwritten.is_empty() {
        remarks.push("no record was written, because another output could not be".to_owned());
    } else if wanted && report.verdict() != Verdict::Verified {
        remarks.push(match report.images.as_slice() {
            [_] => "no record was written: the image is not VERIFIED".to_owned(),
            _ => "no record was written of the images that are not VERIFIED".to_owned(),
        });
    }
    remarks
}

/// The decided images of each environment.
fn by_environment(report: &Report) -> BTreeMap<&str, Vec<&ImageReport>> {
    let mut environments: BTreeMap<&str, Vec<&ImageReport>> = BTreeMap::new();
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
