//! `watchtower validate`.
