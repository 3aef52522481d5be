//! What the reader should know of the outputs beside their names: what was left out, and why.

use std::collections::HashSet;
use std::hash::Hash;

use crate::file::Unwritten;
use crate::output::list::OUTPUTS;
use crate::report::{ImageReport, Report, Verdict};
use crate::settings::{Format, Settings};
use crate::status;

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

/// What `--start-pipeline` came to, where standard output has the verdict alone: a deed is never silent.
pub fn quiet_start(report: &Report, settings: &Settings) -> Option<String> {
    if !settings.console.quiet || settings.console.format == Format::Json {
        return None;
    }
    let mut starts = report.diagnosis.iter().flatten().filter_map(|of| of.start.as_ref());
    let line = format!("start {}", starts.next()?.message.replace('\n', "; "));
    Some(settings.redactor.line(&line, 2000) + "\n")
}

/// What the reader should know of the outputs: what was left out on purpose, or because
/// of something else that could not be written.
pub fn remarks(report: &Report, settings: &Settings, unwritten: &[Unwritten]) -> Vec<String> {
    let mut remarks: Vec<String> = status_remark(report, settings).into_iter().collect();
    let mut deployable = OUTPUTS.iter().filter(|output| output.content.is_deployable());
    let wanted = deployable.any(|output| settings.outputs.files.contains_key(output.option));
    if wanted && unwritten.is_empty() {
        // What the record warns of beyond the image's notes, once for all images that share it.
        let warnings = report.images.iter().filter_map(ImageReport::pin_warning);
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

/// The items in their order, without those that were there before: of thousands of images, too.
fn each_once<T: Clone + Eq + Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}
