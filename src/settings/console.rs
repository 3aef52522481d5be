//! Whether the outputs get colours.

use crate::settings::args::Args;
use crate::settings::values::Color;
use crate::settings::variables::StandardVariables;
use crate::settings::{Console, Format};

/// How the run is shown. `--color` wins over everything; a report in JSON has no colours.
pub(super) fn console(
    args: &Args,
    variables: &StandardVariables,
    stdout_is_terminal: bool,
    stderr_is_terminal: bool,
) -> Console {
    let StandardVariables { no_color, term, circleci, .. } = variables;
    // CircleCI's log shows colours, whatever it calls its terminal.
    let is_dumb = term.as_deref() == Some("dumb") && circleci.is_none();
    let color = |is_terminal| match args.color.as_ref().map_or(Color::Auto, |color| color.value) {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && no_color.is_none() && !is_dumb,
    };
    Console {
        format: args.format(),
        color_stdout: args.format() == Format::Human && color(stdout_is_terminal),
        color_stderr: color(stderr_is_terminal),
        draws_stderr: stderr_is_terminal && !is_dumb && circleci.is_none(),
        quiet: args.quiet,
        verbosity: args.verbose,
    }
}
