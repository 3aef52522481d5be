//! Before the first request: every output path is proved writable, and what an older run left for a
//! deployment is removed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::file;
use crate::output::error::OutputError;
use crate::output::list::{OUTPUTS, files};
use crate::output::places::Place;
use crate::output::removal::{forgotten, input_at};
use crate::output::row::Content;
use crate::output::status_folder;
use crate::settings::Settings;

/// The outputs of a run, proved writable.
#[derive(Debug)]
pub struct Prepared {
    /// The place of an image in the report, and the path of its record.
    pub(super) records: Vec<(usize, PathBuf)>,
    /// What was removed that no other output tells of.
    pub(super) notes: Vec<String>,
}

impl Prepared {
    /// Proves that every output can be written, then removes what an older run left for a deployment.
    ///
    /// # Errors
    /// For the first output that cannot; then nothing was removed, see [`discard`](super::discard).
    pub fn prove(settings: &Settings) -> Result<Self, OutputError> {
        let places = all(settings)?;
        let mut seen: HashMap<PathBuf, &'static str> = HashMap::new();
        for Place { option, path, older } in &places {
            let unwritable =
                |source| OutputError::Unwritable { option, path: path.clone(), source };
            file::prove(path).map_err(unwritable)?;
            if let Some(what) = input_at(&settings.outputs, path) {
                return Err(OutputError::Input { option, path: path.clone(), what });
            }
            let whole = file::resolved(path).map_err(unwritable)?;
            if let Some(first) = seen.insert(whole, option) {
                return Err(OutputError::SameFile { path: path.clone(), first, second: option });
            }
            older.allows(option, path)?;
        }
        let folders: BTreeSet<&Path> =
            places.iter().map(|place| file::folder(&place.path)).collect();
        folders.into_iter().for_each(file::sweep);
        let records = records(settings);
        let (forgotten, notes) = forgotten(settings, &records);
        for Place { option, path, older } in places.iter().rev().chain(&forgotten) {
            older.remove(path).map_err(|source| OutputError::Unwritable {
                option,
                path: path.clone(),
                source,
            })?;
        }
        Ok(Self { records, notes })
    }
}

/// The path of each image's record.
fn records(settings: &Settings) -> Vec<(usize, PathBuf)> {
    let records = OUTPUTS.iter().filter(|output| matches!(output.content, Content::Record));
    records.flat_map(|output| files(output, &settings.outputs, &settings.images)).collect()
}

/// Every file of a run, in the order of writing; the folders of records and of the status are made.
fn all(settings: &Settings) -> Result<Vec<Place>, OutputError> {
    let Settings { outputs, images, .. } = settings;
    let mut all = Vec::new();
    for output in OUTPUTS {
        if let (Content::Status, Some(folder)) = (&output.content, &outputs.status) {
            all.extend(status_folder::places(output.option, folder, images)?);
        }
        for (_, path) in files(output, outputs, images) {
            let is_below = outputs.files.get(output.option) != Some(&path);
            if let Some(folder) = path.parent().filter(|_| is_below) {
                fs::create_dir_all(folder)
                    .map_err(|source| OutputError::not_made(output.option, folder, source))?;
            }
            all.push(Place { option: output.option, path, older: output.older });
        }
    }
    Ok(all)
}
