//! SVG: drawn with a font of its own, and with nothing from outside.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::fontdb::{Database, ID, Source};
use resvg::usvg::{FontResolver, ImageHrefResolver, ImageKind, Options, Tree};

use crate::decode::SVG_MEMORY;
use crate::scale::Plan;
use crate::{Error, Fit, Kind, Size};

const BROKEN: Error = Error::Broken(Kind::Svg);

/// How long a document may be. A drawing that fits on a tile is no longer than this.
const MOST_BYTES: usize = 4 << 20;

/// Latin, Greek and Cyrillic letters of Roboto Medium.
static FONT: &[u8] = include_bytes!("../font/Roboto-Medium.ttf");

static FONTS: LazyLock<(Arc<Database>, Option<ID>)> = LazyLock::new(|| {
    let mut fonts = Database::new();
    let ids = fonts.load_font_source(Source::Binary(Arc::new(FONT)));
    (Arc::new(fonts), ids.first().copied())
});

/// Draws an SVG in a size, on black: row by row red, green and blue.
pub(crate) fn draw(bytes: &[u8], target: Size, fit: Fit) -> Result<Vec<u8>, Error> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::Unsupported(Kind::Svg, "more than 4 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| BROKEN)?;
    let room = AtomicU64::new(SVG_MEMORY / 2);
    let refused = AtomicBool::new(false);
    let options = Options {
        font_family: "Roboto".to_owned(),
        fontdb: FONTS.0.clone(),
        font_resolver: FontResolver {
            select_font: Box::new(|_, _| FONTS.1),
            select_fallback: Box::new(|_, _, _| None),
        },
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, data, _| {
                let picture = embedded(data, &room);
                refused.fetch_or(picture.is_none(), Ordering::Relaxed);
                picture
            }),
            // A browser does not load them either.
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_str(text, &options).map_err(|_| BROKEN)?;
    if refused.load(Ordering::Relaxed) {
        return Err(Error::Unsupported(
            Kind::Svg,
            "a large or foreign picture in it",
        ));
    }
    let size = (tree.size().width().into(), tree.size().height().into());
    let plan = Plan::new(size, target, fit);
    let mut pixels = Pixmap::new(target.width, target.height).ok_or(BROKEN)?;
    pixels.fill(Color::BLACK);
    resvg::render(&tree, transform(&plan), &mut pixels.as_mut());
    let rgb = pixels
        .data()
        .chunks_exact(4)
        .flat_map(|it| [it[0], it[1], it[2]]);
    Ok(rgb.collect())
}

/// From the drawing's measures to those of the place.
fn transform(plan: &Plan) -> Transform {
    let [left, top, width, height] = plan.part;
    let (across, down) = (
        f64::from(plan.size.width) / width,
        f64::from(plan.size.height) / height,
    );
    let (x, y) = (
        f64::from(plan.at.0) - left * across,
        f64::from(plan.at.1) - top * down,
    );
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the drawing has no more digits"
    )]
    let [across, down, x, y] = [across, down, x, y].map(|it| it as f32);
    Transform::from_row(across, 0.0, 0.0, down, x, y)
}

/// A picture within an SVG, if it is not too large.
fn embedded(data: Arc<Vec<u8>>, room: &AtomicU64) -> Option<ImageKind> {
    let survey = crate::survey(&data).ok()?;
    let needs = survey.memory.saturating_mul(2);
    let take = |left: u64| left.checked_sub(needs);
    room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        .ok()?;
    match survey.kind {
        Kind::Png => Some(ImageKind::PNG(data)),
        Kind::Jpeg => Some(ImageKind::JPEG(data)),
        Kind::Gif => Some(ImageKind::GIF(data)),
        Kind::WebP => Some(ImageKind::WEBP(data)),
        _ => None,
    }
}
