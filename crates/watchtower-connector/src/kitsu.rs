//! Kitsu.
