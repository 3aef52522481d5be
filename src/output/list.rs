//! Every output of a run, in the order of writing.

use std::path::{Path, PathBuf};

use crate::output::older::Older;
use crate::output::row::{Content, Output};
use crate::output::{failure_reason, html, image_ref, junit, metrics, pulumi_config, record};
use crate::request::ImageRequest;
use crate::settings::Outputs;

/// Every output, in the order of writing. The records come last: whoever finds one can rely on everything else being
/// there. Older files are removed in the reverse order, for the same reason.
pub(super) const OUTPUTS: &[Output] = &[
    junit::OUTPUT,
    STATUS,
    failure_reason::OUTPUT,
    image_ref::OUTPUT,
    html::OUTPUT,
    metrics::OUTPUT,
    pulumi_config::OUTPUT,
    RECORD,
    RECORD_DIR,
];

const STATUS: Output =
    Output { option: "update-status", older: Older::Changed, content: Content::Status };

const RECORD: Output = Output { option: "record", older: record::OLDER, content: Content::Record };

/// A record for each image, below a folder.
const RECORD_DIR: Output =
    Output { option: "record-dir", older: record::OLDER, content: Content::Record };

/// The files of an output, each with the place of its image among `images`. Those of the status folder are found by
/// who proves them.
pub(super) fn files(
    output: &Output,
    outputs: &Outputs,
    images: &[ImageRequest],
) -> Vec<(usize, PathBuf)> {
    let Some(path) = outputs.files.get(output.option) else { return Vec::new() };
    if output.option != RECORD_DIR.option {
        return vec![(0, path.clone())];
    }
    let record = |(place, image)| Some((place, record_of(path, image)?));
    images.iter().enumerate().filter_map(record).collect()
}

/// Where an image's record is below `--record-dir`. Without an environment it has none, and the settings refuse that.
fn record_of(folder: &Path, image: &ImageRequest) -> Option<PathBuf> {
    let environment = image.environment.as_ref()?;
    Some(folder.join(environment).join(format!("{}.json", image.service.name)))
}
