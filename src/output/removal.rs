//! What is removed: an older run's yes, which this one does not confirm, and records of services that left the config.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::file::{self, Unwritten};
use crate::output::error::OutputError;
use crate::output::older::Older;
use crate::output::places::{Place, places};
use crate::output::record;
use crate::request::ImageRequest;
use crate::settings::{Input, Outputs, Settings};

/// Removes what an older run left for a deployment, as far as it is ours: a run that asks nothing, because
/// something is wrong with the question, must not leave an older yes behind. What comes back could not be.
///
/// `images` are those of the run, where that is known: without them, no record below `record_dir` is.
pub fn discard(outputs: &Outputs, images: &[ImageRequest]) -> Vec<Unwritten> {
    remove_ours(outputs, images, |_| true)
}

/// Removes what this run left for a deployment, and nothing that tells of it: another output could not be
/// written. What comes back could not be removed.
pub fn discard_deployable(outputs: &Outputs, images: &[ImageRequest]) -> Vec<Unwritten> {
    remove_ours(outputs, images, |older| matches!(older, Older::Removed(_, _)))
}

fn remove_ours(
    outputs: &Outputs,
    images: &[ImageRequest],
    is_meant: impl Fn(Older) -> bool,
) -> Vec<Unwritten> {
    let mut left = Vec::new();
    for Place { option, path, older } in places(outputs, images).iter().rev() {
        if !is_meant(*older) || input_at(outputs, path).is_some() {
            continue;
        }
        let removed = match older.allows(option, path) {
            Ok(()) => older.remove(path),
            // It could not be looked at, and may be an older yes.
            Err(OutputError::Unwritable { option: _, path: _, source })
                if source.is_exhausted() =>
            {
                Err(source)
            }
            Err(_) => Ok(()),
        };
        if let Err(error) = removed {
            left.push(Unwritten { path: path.clone(), message: error.to_string() });
        }
    }
    left
}

/// What the run reads from a path that an output names, where it does.
pub(super) fn input_at(outputs: &Outputs, path: &Path) -> Option<&'static str> {
    let input =
        outputs.inputs.iter().find(|Input { what: _, path: input }| file::is_same(input, path));
    input.map(|Input { what, path: _ }| *what)
}

/// The records below `--record-dir` of services that the config does not have any more, in the environments of this
/// run, and what is to be said of each. Whoever deploys every record of an environment would deploy them.
pub(super) fn forgotten(
    settings: &Settings,
    records: &[(usize, PathBuf)],
) -> (Vec<Place>, Vec<String>) {
    let Outputs { files, services, .. } = &settings.outputs;
    let (mut places, mut notes) = (Vec::new(), Vec::new());
    // A config without services never had those that the records are of.
    let Some(folder) = files.get("record-dir").filter(|_| !services.is_empty()) else {
        return (places, notes);
    };
    let environments: BTreeSet<&str> =
        settings.images.iter().filter_map(|image| image.environment.as_deref()).collect();
    let of_this_run: HashSet<&Path> = records.iter().map(|(_, path)| path.as_path()).collect();
    let services: HashSet<&str> = services.iter().map(String::as_str).collect();
    for environment in environments {
        let entries = fs::read_dir(folder.join(environment)).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if of_this_run.contains(path.as_path()) {
                continue;
            }
            let Some(service) = service_of(&path, environment) else { continue };
            if !services.contains(service.as_str()) {
                notes.push(format!(
                    "removed `{}`: the config has no service `{service}` any more",
                    path.display()
                ));
                places.push(Place { option: "record-dir", path, older: record::OLDER });
            }
        }
    }
    (places, notes)
}

/// The service of which a record of ours stands at its place in an environment.
fn service_of(path: &Path, environment: &str) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    let known = record::Known::of(file::open(path).ok()??)?;
    let is_in_place =
        known.service.as_deref() == Some(name) && known.environment.as_deref() == Some(environment);
    is_in_place.then(|| name.to_owned())
}
