//! it
mod handed_over;
mod page;
