//! Writes the outputs once, after the last answer, in the order of [`OUTPUTS`].

use std::fmt;
use std::path::{Path, PathBuf};

use crate::file::{self, Unwritten, Writer};
use crate::output::later::Records;
use crate::output::list::{OUTPUTS, files};
use crate::output::prove::Prepared;
use crate::output::record::Record;
use crate::output::remarks::status_remark;
use crate::output::row::{Content, Context, Output, Rendered};
use crate::report::{ImageReport, MASKED_REFERENCE, Report, Verdict};
use crate::settings::Settings;
use crate::status;

/// How the writing went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What could not be written.
    pub unwritten: Vec<Unwritten>,
    /// What the reader should know of the status: a line that stays, because another run's answer is later.
    pub notes: Vec<String>,
}

impl Prepared {
    /// Writes every output. What comes back could not be written, or should be known of what was.
    ///
    /// The report's images stand in the order of the settings that were proved.
    /// A record is written for a VERIFIED image, and only when everything before it was written.
    pub fn write(&self, report: &Report, settings: &Settings) -> Written {
        let mut writer = Writer {
            redactor: &settings.redactor,
            unwritten: Vec::new(),
            notes: self.notes.clone(),
        };
        let records = Records::of(&self.records, report);
        for output in OUTPUTS {
            match output.content {
                Content::Run(render) => {
                    let Some(path) = settings.outputs.files.get(output.option) else { continue };
                    let remarks = remarks(report, settings, &writer.notes);
                    put(&mut writer, path, render(report, &context(settings, &remarks)));
                }
                Content::Long(render) => {
                    let Some(path) = settings.outputs.files.get(output.option) else { continue };
                    let remarks = remarks(report, settings, &writer.notes);
                    let context = context(settings, &remarks);
                    writer.put_by(path, |to| render(report, &context, to));
                }
                Content::Status => {
                    let Some(folder) = &settings.outputs.status else { continue };
                    let left = settings.ends_after().saturating_sub(report.took);
                    let overtaken = |image: &ImageReport| records.overtake(image);
                    status::update(folder, report, &overtaken, left, &mut writer);
                }
                Content::Ending(render) => ending(output, render, report, settings, &mut writer),
                Content::Fragment(_) | Content::Record => {}
            }
        }
        let before = writer.unwritten.len();
        write_deployable(report, settings, &records, &mut writer);
        if before == 0 && !writer.unwritten.is_empty() {
            for output in OUTPUTS {
                if let Content::Ending(render) = output.content {
                    ending(output, render, report, settings, &mut writer);
                }
            }
        }
        let Writer { redactor: _, unwritten, notes } = writer;
        Written { unwritten, notes }
    }
}

/// Writes what says how the run ended, as far as is known.
fn ending(
    output: &Output,
    render: fn(&Report, bool, &mut dyn fmt::Write) -> fmt::Result,
    report: &Report,
    settings: &Settings,
    writer: &mut Writer<'_>,
) {
    let Some(path) = settings.outputs.files.get(output.option) else { return };
    let all_written = writer.unwritten.is_empty();
    writer.put_by(path, |to| render(report, all_written, to));
}

/// What the reader should know of the outputs that are written already.
fn remarks(report: &Report, settings: &Settings, notes: &[String]) -> Vec<String> {
    status_remark(report, settings).into_iter().chain(notes.iter().cloned()).collect()
}

fn context<'a>(settings: &'a Settings, remarks: &'a [String]) -> Context<'a> {
    let config_file = &settings.outputs.config_file;
    Context { config_file, remarks, redactor: &settings.redactor }
}

/// Writes a text. Where the verdict has none, an older one goes.
fn put(writer: &mut Writer<'_>, path: &Path, text: Rendered) {
    match text {
        Ok(Some(text)) => writer.put(path, &text),
        Ok(None) => writer.keep(path, file::remove(path)),
        Err(why) => writer.failed(path, why),
    }
}

/// What is deployed from, all or none: with one missing, the others would be a part that looks like the whole.
/// Nothing is written over a later answer of another run, and an earlier one does not outlive a no.
fn write_deployable(
    report: &Report,
    settings: &Settings,
    records: &Records<'_>,
    writer: &mut Writer<'_>,
) {
    let _locks = match records.lock(settings.ends_after().saturating_sub(report.took)) {
        Ok(locks) => locks,
        Err((path, error)) => return writer.failed(path, error.to_string()),
    };
    records.remove_overtaken(writer);
    if writer.unwritten.is_empty() {
        records.refuse_overtaken(writer);
    }
    if !writer.unwritten.is_empty() {
        return;
    }
    let nameable = !report.images.iter().any(|image| image.names_a_secret(&settings.redactor));
    let record = |image| record(image, report, nameable);
    let is_verified = |image: &&ImageReport| image.verdict() == Verdict::Verified;
    let mut written: Vec<PathBuf> = Vec::new();
    for output in OUTPUTS {
        for (place, path) in files(output, &settings.outputs, &settings.images) {
            let text = match output.content {
                Content::Run(_) | Content::Long(_) | Content::Ending(_) | Content::Status => {
                    continue;
                }
                Content::Fragment(render) => {
                    let verified = report.images.iter().filter(is_verified);
                    match verified.map(record).collect::<Result<Vec<Record>, String>>() {
                        Ok(records) if records.is_empty() => continue,
                        records => records.and_then(|records| render(&records)),
                    }
                }
                Content::Record => match report.images.get(place).filter(is_verified) {
                    Some(image) => record(image).map(|record| record.to_json()),
                    None => continue,
                },
            };
            match text {
                Ok(text) => writer.put(&path, &text),
                Err(why) => writer.failed(&path, why),
            }
            if !writer.unwritten.is_empty() {
                for path in &written {
                    writer.keep(path, file::remove(path));
                }
                return;
            }
            written.push(path);
        }
    }
}

/// The record of a VERIFIED image, or why there can be none: a reference with a mask in it would name no image.
fn record(image: &ImageReport, report: &Report, nameable: bool) -> Result<Record, String> {
    if !nameable {
        return Err(MASKED_REFERENCE.to_owned());
    }
    Record::of(image, report).ok_or_else(|| "the image has no tag or no facts".to_owned())
}
