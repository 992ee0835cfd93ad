//! A small film made up on the spot.
