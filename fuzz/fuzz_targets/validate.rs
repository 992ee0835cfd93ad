//! Any bytes as any document, from the bytes to the report with its positions.
//!
//! ```text
//! cargo +nightly fuzz run validate -- -max_total_time=1200 -rss_limit_mb=256
//! ```
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use watchtower_model::format::DOCUMENTS;
use watchtower_writer::validate::{self, Options};

fuzz_target!(|bytes: &[u8]| {
    // The first byte says which document it is, and how closely it is looked at.
    let Some((choice, text)) = bytes.split_first() else {
        return;
    };
    let choice = usize::from(*choice);
    let document = &DOCUMENTS[choice / 2 % DOCUMENTS.len()];
    let options = Options {
        strict: choice % 2 == 1,
        format: Some(document.format),
        document: Some(document.name.to_owned()),
        ..Options::default()
    };
    let report = validate::read(Path::new("-"), text, &options).expect("memory can be read");
    for finding in &report.findings {
        if let Some(position) = finding.position {
            assert!(position.line >= 1 && position.column >= 1);
            assert!(position.start <= position.end);
            assert!(position.end <= text.len() as u64 + 1);
        }
    }
    let found = validate::document(document, Path::new("-"), text, &options);
    assert!(!found.is_empty() || report.findings.is_empty());
});
