//! The outputs of a run, as far as the settings have to know them: what each needs before anything is asked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::settings::args::Args;
use crate::settings::values::Given;

/// What has to be known of an output before anything is asked. How it is rendered is in [`output`](crate::output).
#[derive(Debug)]
pub struct OutputOption {
    /// The long option that asks for it.
    pub option: &'static str,
    /// How many images it can be about.
    pub(super) images: Images,
    /// What it needs of each image.
    pub(super) needs: Needs,
    /// Its path on the command line; the status has none of its own.
    pub(super) path: fn(&Args) -> Option<&Given<PathBuf>>,
}

/// How many images an output can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Images {
    One,
    Any,
}

/// What an output needs of each image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    Tag,
    /// A tag, and the environment and service that name its place.
    Environment,
}

/// The one output that is no file of its own.
pub(super) const UPDATE_STATUS: &str = "update-status";

/// Every output, in the order of writing.
#[rustfmt::skip] // A table: one output a line.
pub const OUTPUT_OPTIONS: &[OutputOption] = &[
    OutputOption { option: "junit", images: Images::Any, needs: Needs::Nothing, path: |args| args.junit.as_ref() },
    OutputOption { option: UPDATE_STATUS, images: Images::Any, needs: Needs::Environment, path: |_| None },
    OutputOption { option: "failure-reason-file", images: Images::Any, needs: Needs::Nothing, path: |args| args.failure_reason_file.as_ref() },
    OutputOption { option: "image-ref", images: Images::One, needs: Needs::Nothing, path: |args| args.image_ref.as_ref() },
    OutputOption { option: "html", images: Images::Any, needs: Needs::Nothing, path: |args| args.html.as_ref() },
    OutputOption { option: "metrics", images: Images::Any, needs: Needs::Nothing, path: |args| args.metrics.as_ref() },
    OutputOption { option: "pulumi-config", images: Images::Any, needs: Needs::Tag, path: |args| args.pulumi_config.as_ref() },
    OutputOption { option: "record", images: Images::One, needs: Needs::Tag, path: |args| args.record.as_ref() },
    OutputOption { option: "record-dir", images: Images::Any, needs: Needs::Environment, path: |args| args.record_dir.as_ref() },
];

/// The files that are to be written, each by the option that asks for it.
pub(super) fn files(args: &Args) -> BTreeMap<&'static str, PathBuf> {
    let file = |output: &OutputOption| Some((output.option, (output.path)(args)?.value.clone()));
    OUTPUT_OPTIONS.iter().filter_map(file).collect()
}
