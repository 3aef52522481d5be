//! The outputs of a run: proved writable before the first request, written once after the last answer.
//!
//! The order is JUnit, status, failure reason, others, and the records last: whoever finds a record
//! can rely on everything else being there.

use std::collections::HashSet;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use crate::file::{self, Unwritten, Writer};
use crate::output::record::Record;
use crate::output::{failure_reason, html, image_ref, junit, pulumi_config, record};
use crate::report::{ImageReport, MASKED_REFERENCE, Report, Verdict};
use crate::secret::Redactor;
use crate::settings::{Outputs, Settings};
use crate::status;

mod later;
mod older;
mod prove;
mod removal;

use later::Records;
pub use prove::OutputError;
pub use removal::{discard, discard_deployable};

/// The outputs of a run, proved writable.
#[derive(Debug)]
pub struct Prepared {
    /// The place of an image in the report, and the path of its record.
    records: Vec<(usize, PathBuf)>,
    /// What was removed that no other output tells of.
    notes: Vec<String>,
}

impl Prepared {
    /// Writes every output. What comes back could not be written, or should be known of what was.
    ///
    /// The report's images stand in the order of the settings that were proved.
    /// A record is written for a VERIFIED image, and only when everything before it was written.
    pub fn write(&self, report: &Report, settings: &Settings) -> Written {
        let mut writing = Writer {
            redactor: &settings.redactor,
            unwritten: Vec::new(),
            notes: self.notes.clone(),
        };
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
            services: _,
            inputs: _,
        } = &settings.outputs;
        let records = Records::of(self, report);
        if let Some(path) = junit {
            let text = junit::text(report, config_file);
            writing.put_rendered(path, text.map_err(|error| error.to_string()));
        }
        if let Some(folder) = status {
            let left = settings.deadline.saturating_sub(report.took);
            let overtaken = |image: &ImageReport| records.overtake(image);
            status::update(folder, report, &overtaken, left, &mut writing);
        }
        if let Some(path) = failure_reason {
            match failure_reason::text(report) {
                Some(text) => writing.put(path, &text),
                None => writing.keep(path, file::remove(path)),
            }
        }
        for (path, text) in others(report, settings, &writing.notes) {
            writing.put_rendered(&path, text);
        }
        self.write_records(report, settings, &records, &mut writing);
        let Writer { redactor: _, unwritten, notes } = writing;
        Written { unwritten, notes }
    }

    /// What is deployed from, all or none: with one missing, the others would be a part that looks like the whole.
    /// Nothing is written over a later answer of another run, and an earlier one does not outlive a no.
    fn write_records(
        &self,
        report: &Report,
        settings: &Settings,
        records: &Records<'_>,
        writing: &mut Writer<'_>,
    ) {
        let _locks = match records.lock(settings.deadline.saturating_sub(report.took)) {
            Ok(locks) => locks,
            Err((path, error)) => return writing.failed(path, error.to_string()),
        };
        records.remove_overtaken(writing);
        if writing.unwritten.is_empty() {
            records.refuse_overtaken(writing);
        }
        if !writing.unwritten.is_empty() {
            return;
        }
        let mut written: Vec<&Path> = Vec::new();
        for (path, text) in self.deployable(report, settings) {
            writing.put_rendered(path, text);
            if !writing.unwritten.is_empty() {
                for path in written {
                    writing.keep(path, file::remove(path));
                }
                return;
            }
            written.push(path);
        }
    }

    /// The Pulumi configuration and the records of the VERIFIED images, or why there can be none.
    fn deployable<'a>(
        &'a self,
        report: &Report,
        settings: &'a Settings,
    ) -> Vec<(&'a Path, Rendered)> {
        let nameable = nameable(report, &settings.redactor);
        let record = |image: &ImageReport| {
            nameable.clone()?;
            Record::of(image, report).ok_or_else(|| "the image has no tag or no facts".to_owned())
        };
        let mut files: Vec<(&Path, Rendered)> = Vec::new();
        if let (Some(path), [image]) = (&settings.outputs.pulumi_config, report.images.as_slice())
            && image.verdict() == Verdict::Verified
        {
            let text = record(image).and_then(|record| {
                pulumi_config::render(&record).map_err(|error| error.to_string())
            });
            files.push((path, text));
        }
        for (index, path) in &self.records {
            let Some(image) = report.images.get(*index) else { continue };
            if image.verdict() == Verdict::Verified {
                files.push((path, record(image).map(|record| record.to_json())));
            }
        }
        files
    }
}

/// How the writing went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What could not be written.
    pub unwritten: Vec<Unwritten>,
    /// What the reader should know of the status: a line that stays, because another run's answer is later.
    pub notes: Vec<String>,
}

/// A text to write, or why there is none.
type Rendered = Result<String, String>;

/// What is written besides JUnit, status, failure reason and records, in this order. `notes` are those of
/// the status.
fn others(report: &Report, settings: &Settings, notes: &[String]) -> Vec<(PathBuf, Rendered)> {
    let mut others = Vec::new();
    if let (Some(path), [image]) = (&settings.outputs.image_ref, report.images.as_slice()) {
        let text = image_ref::text(image);
        let nameable = nameable(report, &settings.redactor);
        others.extend(text.map(|text| (path.clone(), nameable.map(|()| text))));
    }
    if let Some(path) = &settings.outputs.html {
        let mut about: Vec<String> = status_remark(report, settings).into_iter().collect();
        about.extend_from_slice(notes);
        others.push((path.clone(), Ok(html::render(report, &about))));
    }
    others
}

/// Whether what a deployment reads can be written: a reference with a mask in it would name no image.
fn nameable(report: &Report, redactor: &Redactor) -> Result<(), String> {
    let is_masked = report.images.iter().any(|image| image.names_a_secret(redactor));
    if is_masked { Err(MASKED_REFERENCE.to_owned()) } else { Ok(()) }
}

/// What an undecided image leaves behind: its status as it was. Nobody may take that for this run's answer, so
/// every form of every output for a person says it.
pub fn status_remark(report: &Report, settings: &Settings) -> Option<String> {
    settings.outputs.status.as_ref()?;
    let is_undecided = |image: &&ImageReport| status::Light::of(image.verdict()).is_none();
    let undecided = report.images.iter().filter(is_undecided);
    let left = each_once(undecided.map(|image| image.request.service.name.as_str()));
    (!left.is_empty()).then(|| {
        let left = left.join(", ");
        format!("the status of {left} stays as it was: the verdict is UNDECIDED")
    })
}

/// The items in their order, without those that were there before: of thousands of images, too.
fn each_once<T: Clone + Eq + Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}

/// What the reader should know of the outputs: what was left out on purpose, or because
/// of something else that could not be written.
pub fn remarks(report: &Report, settings: &Settings, unwritten: &[Unwritten]) -> Vec<String> {
    let mut remarks: Vec<String> = status_remark(report, settings).into_iter().collect();
    let outputs = &settings.outputs;
    let wanted = [&outputs.record, &outputs.record_dir, &outputs.pulumi_config]
        .iter()
        .any(|path| path.is_some());
    if wanted && unwritten.is_empty() {
        // What the record warns of beyond the image's notes, once for all images that share it.
        let warnings = report.images.iter().filter_map(record::warning_of_the_pin);
        remarks.extend(each_once(warnings));
    }
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

#[cfg(test)]
mod tests;
