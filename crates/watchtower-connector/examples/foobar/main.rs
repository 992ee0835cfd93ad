//! Feeding Watchtower from a tracker of your own: Foobar, which does not exist, over HTTP.
//!
//! The connector is in `foobar.rs`; here it is set up and asked for its projects.
//!
//! ```text
//! FOOBAR_URL=https://foobar.example/api FOOBAR_KEY=… cargo run --example foobar --features http
//! ```

mod foobar;

use std::env;

use foobar::Foobar;
use watchtower_connector::Tracker;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = env::var("FOOBAR_URL").map_err(|_| "set FOOBAR_URL to the address of the API")?;
    // Keys come from the environment and not from the command line, which others can see.
    let key = env::var("FOOBAR_KEY").map_err(|_| "set FOOBAR_KEY to your key")?;

    let tracker = Foobar::new(&address, &key.into())?;
    tracker.check().await?;
    let list = tracker.project_list().await?;
    for project in &list.projects {
        let film = tracker.project(project, &list).await?;
        println!(
            "{}: {} sequences, {} shots, {} assets, {} left out",
            film.project.name,
            film.sequences.len(),
            film.shots.len(),
            film.assets.len(),
            film.left_out.len()
        );
    }
    Ok(())
}
