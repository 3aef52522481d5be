//! DigitalOcean's API and its words. The API explains a no of the registry; it is an index that lags, so
//! it never stands in for the registry itself.

mod api;
mod explain;
pub mod names;

pub(crate) use api::{Api, Moment};
pub(crate) use explain::explain;
