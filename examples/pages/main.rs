//! Writes sample report pages and a sample record into a folder, to look at: `cargo run --example pages -- FOLDER`.
//!
//! The reports are made up (`samples.rs`): no registry was asked, and nothing here is a verification.

use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use verify_registry_image::output::{html, pulumi_config};

mod samples;

fn main() -> anyhow::Result<()> {
    let folder = env::args_os().nth(1).map_or_else(|| PathBuf::from("target/pages"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    for (name, content) in [
        ("green.html", html::render(&samples::green(), &[])),
        ("red.html", html::render(&samples::red(), &[])),
        ("undecided.html", html::render(&samples::undecided(), &[])),
        ("forty.html", html::render(&samples::forty(), &[])),
        ("hostile.html", html::render(&samples::hostile(), &[])),
        ("record.json", samples::record().to_json()),
        ("pulumi-config.yaml", pulumi_config::render(&[samples::record()])?),
    ] {
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(content.as_bytes())?;
        file.persist(folder.join(name))?;
    }
    Ok(())
}
