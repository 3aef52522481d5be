//! What is DigitalOcean's own.

pub mod names;
