//! The front page of each crate: its README shows the example that its documentation runs.
#![allow(clippy::unwrap_used, clippy::panic)] // Outside the tests themselves, too, all of this is a test.

use std::fs;
use std::path::Path;

/// The lines of the first block of a text that is opened so.
fn example<'a>(lines: impl Iterator<Item = &'a str>, opened: &str) -> Vec<&'a str> {
    let lines = lines.skip_while(|it| *it != opened).skip(1);
    lines.take_while(|it| *it != "```").collect()
}

#[test]
fn each_readme_shows_the_example_that_runs() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut seen = 0;
    for entry in fs::read_dir(crates).unwrap() {
        let folder = entry.unwrap().path();
        let read = |name: &str| {
            let text = fs::read_to_string(folder.join(name));
            text.unwrap_or_else(|error| panic!("{}/{name}: {error}", folder.display()))
        };
        let (readme, sources, manifest) =
            (read("README.md"), read("src/lib.rs"), read("Cargo.toml"));
        let shown = example(readme.lines(), "```rust");
        let documentation = sources.lines().map_while(|it| it.strip_prefix("//!"));
        let run = example(
            documentation.map(|it| it.strip_prefix(' ').unwrap_or(it)),
            "```",
        );
        // What starts with `# ` is run and not shown.
        let run: Vec<_> = run.into_iter().filter(|it| !it.starts_with("# ")).collect();
        assert!(shown.len() > 3, "{} has no example", folder.display());
        assert_eq!(shown, run, "{}", folder.display());
        // That of the repository would be packaged otherwise, whose links lead nowhere.
        assert!(
            manifest.contains("\nreadme = \"README.md\"\n"),
            "{manifest}"
        );
        seen += 1;
    }
    assert_eq!(seen, 5);
}
