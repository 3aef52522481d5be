//! it
mod page;
