//! Makes a picture as the client shows it: `make IN OUT [tile|avatar|project] [contain|cover]`.

use watchtower_pictures::{Fit, Made, Place, make};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [input, output, how @ ..] = &arguments[..] else {
        return Err("make IN OUT [tile|avatar|project] [contain|cover]".into());
    };
    let has = |word: &str| how.iter().any(|it| it == word);
    let place = match () {
        () if has("avatar") => Place::Avatar,
        () if has("project") => Place::Project,
        () => Place::Tile,
    };
    let fit = match has("cover") {
        true => Fit::Cover,
        false => Fit::Contain,
    };
    let bytes = std::fs::read(input)?;
    let bytes = match make(&bytes, place, fit)? {
        Made::AsItIs(_) => bytes,
        Made::New { bytes, .. } => bytes,
    };
    std::fs::write(output, bytes)?;
    Ok(())
}
