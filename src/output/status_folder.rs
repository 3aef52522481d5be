//! The files of the status folder before the run.

use std::collections::BTreeMap;
use std::path::Path;

use crate::file;
use crate::output::error::OutputError;
use crate::output::older::{BADGE, Older};
use crate::output::places::Place;
use crate::request::ImageRequest;
use crate::settings::StatusFolder;
use crate::status::files::{self, Unreadable};
use crate::status::{self, badge, checkout, flat};

/// Every file that the run may change there, in the order of writing; the folders are made.
pub(super) fn places(
    option: &'static str,
    folder: &StatusFolder,
    images: &[ImageRequest],
) -> Result<Vec<Place>, OutputError> {
    let StatusFolder { directory, board, badges, services: _ } = folder;
    for folder in [Some(directory.as_path()), board.as_deref().map(file::folder), badges.as_deref()]
    {
        let Some(folder) = folder else { continue };
        checkout::make(folder).map_err(|source| OutputError::not_made(option, folder, source))?;
    }
    let mut environments: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for ImageRequest { environment, service, .. } in images {
        let Some(environment) = environment else { continue };
        environments.entry(environment).or_default().push(&service.name);
    }
    let mut places = Vec::new();
    for (environment, services) in environments {
        let path = status::path(directory, environment);
        prove_flat(&path, services)?;
        places.push(Place { option, path, older: Older::Changed });
        if let Some(badges) = badges {
            let path = badge::path(badges, environment);
            places.push(Place { option, path, older: BADGE });
        }
    }
    places.extend(board.clone().map(|path| Place { option, path, older: Older::Board }));
    if board.is_some() || badges.is_some() {
        prove_no_conflict(directory)?;
    }
    Ok(places)
}

/// Board and badges are drawn from the status files of other environments, too. What else keeps one of those from being
/// read is not this run's fault, and is noted when they are drawn.
fn prove_no_conflict(directory: &Path) -> Result<(), OutputError> {
    let Ok(files) = files::read(directory) else { return Ok(()) };
    for (_, path, why) in files.unreadable {
        if let Unreadable::Conflict(conflict) = why {
            return Err(OutputError::NotFlat { path, source: conflict.into() });
        }
    }
    Ok(())
}

/// A status file that cannot be read has its own error, where every path is proved.
fn prove_flat(path: &Path, services: Vec<&str>) -> Result<(), OutputError> {
    let Ok(Some(text)) = file::read_text(path, status::MOST_BYTES) else { return Ok(()) };
    flat::prove(&text, services)
        .map_err(|source| OutputError::NotFlat { path: path.to_owned(), source })
}
