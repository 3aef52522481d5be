//! What the config file declares, and how its texts are expanded: what a run knows of services and environments.
//!
//! The methods stand where their subject is: [`services`](super::services), [`environments`](super::environments).

use crate::settings::config::Config;
use crate::settings::expand::Expander;

/// The config file of a run.
#[derive(Clone, Copy)]
pub(super) struct Declared<'c> {
    pub config: &'c Config,
    pub expander: Expander<'c>,
}
