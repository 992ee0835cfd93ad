//! Any bytes as a picture, for each place of the client.
//!
//! ```text
//! cargo +nightly fuzz run pictures -- -max_total_time=1200 -rss_limit_mb=1024 -timeout=20
//! ```
#![no_main]

use libfuzzer_sys::fuzz_target;
use watchtower_pictures::{Fit, Kind, MOST_MEMORY, Made, Place, make, survey};

fuzz_target!(|bytes: &[u8]| {
    for (place, fit) in [(Place::Tile, Fit::Contain), (Place::Avatar, Fit::Cover)] {
        if let Ok(survey) = survey(bytes) {
            assert!(survey.memory <= MOST_MEMORY);
        }
        if let Ok(Made::New { bytes, extension }) = make(bytes, place, fit) {
            let kind = Kind::of(&bytes).expect("what is made is a picture");
            assert_eq!(kind.extension(), Some(extension));
            assert_eq!(make(&bytes, place, fit), Ok(Made::AsItIs(extension)));
        }
    }
});
