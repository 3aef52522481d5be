//! Whether the outputs get colours.

use crate::settings::environment::StandardVariables;
use crate::settings::options::{Color, Options};
use crate::settings::{Console, Format};

/// How the run is shown. `--color` wins over everything; a report in JSON has no colours.
pub(super) fn console(
    options: &Options,
    variables: &StandardVariables,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
) -> Console {
    let StandardVariables { no_color, term, circleci, .. } = variables;
    // CircleCI's log shows colours, whatever it calls its terminal.
    let is_dumb = term.as_deref() == Some("dumb") && circleci.is_none();
    let color = |is_terminal| match options.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && no_color.is_none() && !is_dumb,
    };
    Console {
        format: options.format,
        color_stdout: options.format == Format::Human && color(stdout_is_terminal),
        color_stderr: color(stderr_is_terminal),
        quiet: options.quiet,
        verbosity: options.verbosity,
    }
}
