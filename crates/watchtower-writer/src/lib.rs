//! Writes the files that the Watchtower web client reads, and validates anybody's.

pub mod validate;
