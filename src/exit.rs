//! The exit codes: the contract with every shell and every pipeline.

use std::process::{ExitCode, Termination};

use crate::report::Verdict;

/// Why the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Every image is there, whole, and the one that was meant.
    Verified = 0,
    /// An image is missing, broken or another one.
    Failed = 1,
    /// The command line, environment, config or an output path is wrong; nothing was asked.
    Usage = 2,
    /// It could not be found out.
    Undecided = 3,
    /// It could not be found out, because the credentials were refused.
    Refused = 4,
    /// All is well, but an output could not be written.
    Unwritten = 5,
    /// Ended by SIGINT.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The codes and their meaning, as the README and `--help` show them.
    pub const TABLE: [(Self, &str, &str); 6] = [
        (Self::Verified, "VERIFIED", "the image is there, whole, and the one that was meant"),
        (Self::Failed, "FAILED", "it is missing, broken, or another image"),
        (
            Self::Usage,
            "-",
            "command line, environment, config file or an output path is wrong; nothing was asked",
        ),
        (
            Self::Undecided,
            "UNDECIDED",
            "could not find out: network, server error, rate limit, deadline",
        ),
        (Self::Refused, "UNDECIDED", "could not find out: the credentials were refused"),
        (Self::Unwritten, "VERIFIED", "all is well, but an output could not be written"),
    ];

    /// The exit code of a run: its verdict, and whether every output was written.
    pub fn of(verdict: Verdict, written: bool) -> Self {
        match verdict {
            Verdict::Verified if written => Self::Verified,
            Verdict::Verified => Self::Unwritten,
            Verdict::Failed => Self::Failed,
            Verdict::Undecided => Self::Undecided,
            Verdict::Refused => Self::Refused,
        }
    }

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unwritten_output_never_hides_a_no() {
        let codes = [Verdict::Verified, Verdict::Failed, Verdict::Undecided, Verdict::Refused]
            .map(|verdict| (Exit::of(verdict, true).code(), Exit::of(verdict, false).code()));
        assert_eq!(codes, [(0, 5), (1, 1), (3, 3), (4, 4)]);
    }
}
