//! Asks a container registry whether an image is really there, whole, and the one that was meant.
//!
//! Data walks one way: `Args + Environment + Config -> Settings -> Observation -> [CheckResult] -> Report ->
//! Verdict -> outputs -> Exit`. Input and output happen in three places: settings are read once, the
//! registry and the API are asked once, outputs are written once. Everything between is a pure function.
//!
//! The modules below stand in the order of their layers: one uses only itself and those above it.

mod codes;
pub mod ambient;
pub mod secret;
pub mod circleci;
pub mod document;
pub mod file;
pub mod program;
mod yaml;
pub mod oci;
pub mod engines;
pub mod unpack;
pub mod progress;
pub mod request;
pub mod report;
pub mod exit;
pub mod observation;
pub mod settings;
pub mod http;
pub mod registry;
pub mod digitalocean;
pub mod observe;
pub mod diagnose;
pub mod checks;
pub mod status;
pub mod output;
pub mod gate;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
