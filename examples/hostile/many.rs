//! Runs of many images, with everything that can be written of them.

use std::fmt::Write as _;

use crate::stand_in::{Image, Options, StandIn};
use crate::texts;
use crate::trial::Trial;

/// What the images of a run share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One repository, a tag each.
    OneRepository,
    /// A repository each, so a token each; and each is there.
    ManyRepositories,
    /// A repository each, and none has the tag.
    Missing,
    /// Services of a config file with a status, a board, badges and records.
    Services,
}

/// What a run writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Every output.
    Everything,
    /// A line for each image, which takes no time beside the answers.
    Verdicts,
}

/// A run of so many images.
pub(crate) fn many(count: usize, shape: Shape, told: Told) -> Trial {
    let stand_in = StandIn::start(Options { redirect_blobs: true, ..Options::default() });
    let name = |number: usize| match shape {
        Shape::OneRepository => ("keepkey/many".to_owned(), format!("t{number}")),
        Shape::ManyRepositories | Shape::Missing | Shape::Services => {
            (format!("keepkey/s{number}"), "latest-dev".to_owned())
        }
    };
    let mut lines = String::new();
    for number in 0..count {
        let (repository, tag) = name(number);
        let image = Image::empty().layer(format!("layer {number}"), "RUN");
        let pushed = if shape == Shape::Missing { "other" } else { &tag };
        stand_in.image(&repository, pushed, image);
        let _ = writeln!(lines, "{}:{tag}", stand_in.reference(&repository));
    }
    let outputs = match told {
        Told::Everything => "--junit out/junit.xml --html out/report.html --format json",
        Told::Verdicts => "-q",
    };
    let trial = Trial::at(stand_in).file("out/.keep", "").arguments(outputs);
    if shape != Shape::Services {
        return trial.argument("-").stdin(lines);
    }
    let services: String = texts::lines(count, |number| format!("  s{number}:\n"));
    let config = format!(
        "registry: {}/keepkey\nenvironments:\n  dev: {{ tag: latest-dev }}\nservices:\n{services}\
         status:\n  directory: status\n  board: board.md\n  badges: badges\n",
        trial.registry()
    );
    trial
        .file("verify-registry-image.yml", config)
        .file("status/.keep", "")
        .file("badges/.keep", "")
        .arguments("--environment dev")
        .arguments(match told {
            Told::Everything => "--update-status --record-dir records",
            Told::Verdicts => "",
        })
}
