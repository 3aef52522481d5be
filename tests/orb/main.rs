//! The orb, tried without CircleCI: packed, reviewed, its references checked, its scripts run.

mod committed;
mod emit;
mod expand;
mod pack;
mod parameters;
mod pipelines;
mod references;
mod releases;
mod review;
mod scripts;
mod skill;
mod source;
mod versions;
