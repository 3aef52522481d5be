//! Serves the stand-in of DigitalOcean on loopback, so that any registry client can be pointed at it.
//!
//! It prints the variables that a client needs as lines for a shell, and serves until its standard input
//! ends or it is told to stop. It is not the program: that one is in `src`.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

#[path = "../tests/support/stand_in/mod.rs"]
mod stand_in;

use stand_in::{Certificate, Image, Index, Options, StandIn};

/// Serves a stand-in of DigitalOcean's API and registry on loopback.
#[derive(Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
struct Args {
    /// Grant `push`.
    #[arg(long)]
    writable: bool,
    /// Milliseconds before every answer.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay: u64,
    /// Milliseconds before an accepted connection is served.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    accept_delay: u64,
    /// The API's port; the registry's is the next one, the storage's the one after. 0: any.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Speak TLS; the authority's certificate is written to this file (for `SSL_CERT_FILE`).
    #[arg(long, value_name = "PEM")]
    tls_ca: Option<PathBuf>,
    /// Serve blobs from the registry itself in place of redirecting to the storage.
    #[arg(long)]
    no_redirect: bool,
    /// Hold nothing at the start in place of `keepkey/support-email:latest-dev` and its neighbours.
    #[arg(long)]
    empty: bool,
    /// Serve the API and the token endpoint only, for a registry of another kind.
    #[arg(long)]
    api_only: bool,
    /// Write the certificate that the registry tokens are signed with (for `auth.token.rootcertbundle`).
    #[arg(long, value_name = "PEM")]
    token_certificate: Option<PathBuf>,
    /// Write the variables to this file too.
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Serve until told to stop, even when standard input ends.
    #[arg(long)]
    keep: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    let stand_in = StandIn::start(Options {
        writable: args.writable,
        redirect_blobs: !args.no_redirect,
        answer_delay: Duration::from_millis(args.delay),
        accept_delay: Duration::from_millis(args.accept_delay),
        tls: args.tls_ca.as_ref().map(|_| Certificate::Good),
        port: args.port,
        api_only: args.api_only,
        ..Options::default()
    });
    if !args.empty {
        fill(&stand_in);
    }
    if let (Some(path), Some(pem)) = (&args.tls_ca, stand_in.ca_pem()) {
        write(path, pem)?;
    }
    if let Some(path) = &args.token_certificate {
        write(path, stand_in.token_certificate_pem())?;
    }
    let mut lines = String::new();
    for (name, value) in stand_in.environment() {
        let _ = writeln!(lines, "export {name}={value}");
    }
    io::stdout().write_all(lines.as_bytes())?;
    io::stdout().flush()?;
    if let Some(path) = &args.port_file {
        write(path, &lines)?;
    }
    if args.keep {
        loop {
            std::thread::park();
        }
    }
    // SIGTERM ends the process as it ends any other; there is nothing to put in order.
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

/// What the documents of this project speak of.
fn fill(stand_in: &StandIn) {
    let commit = "8f14e45fceea167a5a36dedd4bea2543a1b2c3d4";
    let image = Image::node_on_alpine().revision(commit);
    stand_in.image("keepkey/support-email", "latest-dev", image.clone());
    stand_in.image("keepkey/support-email", &format!("{commit}-dev"), image.clone());
    let older = Image::node_on_alpine().revision("c9f0f895fb98ab9159f51fd0297e236d2b3c4d5e");
    stand_in.image("keepkey/support-email", "latest", older);
    stand_in.image("keepkey/support-web", "latest-dev", Index::of_two_platforms(&image));
}

#[expect(clippy::disallowed_methods, reason = "a file of a tool for tests, read by nobody else")]
fn write(path: &Path, text: &str) -> io::Result<()> {
    std::fs::write(path, text)
}
