//! Where a run writes, and what may already be there.

use std::path::PathBuf;

use crate::output::list::{OUTPUTS, files};
use crate::output::older::Older;
use crate::request::ImageRequest;
use crate::settings::Outputs;

/// One file before the run.
pub(super) struct Place {
    /// The option that asks for it.
    pub(super) option: &'static str,
    pub(super) path: PathBuf,
    pub(super) older: Older,
}

/// The files of a run but for those of the status folder, in the order of writing.
pub(super) fn places(outputs: &Outputs, images: &[ImageRequest]) -> Vec<Place> {
    let of = |output| {
        let files = files(output, outputs, images).into_iter();
        files.map(|(_, path)| Place { option: output.option, path, older: output.older })
    };
    OUTPUTS.iter().flat_map(of).collect()
}
