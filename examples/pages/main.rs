//! Writes sample report pages into a folder, to look at their layout: `cargo run --example pages -- FOLDER`.
//!
//! The reports are made up (`samples.rs`): no registry was asked, and none of the pages is a verification.

use std::path::PathBuf;
use std::{env, fs};

use verify_registry_image::output::html;

mod samples;

fn main() -> anyhow::Result<()> {
    let folder = env::args_os().nth(1).map_or_else(|| PathBuf::from("target/pages"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    for (name, report) in [
        ("green", samples::green()),
        ("red", samples::red()),
        ("undecided", samples::undecided()),
        ("forty", samples::forty()),
        ("hostile", samples::hostile()),
    ] {
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        std::io::Write::write_all(&mut file, html::render(&report).as_bytes())?;
        file.persist(folder.join(format!("{name}.html")))?;
    }
    Ok(())
}
