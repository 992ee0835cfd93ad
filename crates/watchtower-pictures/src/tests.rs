use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::*;

const RED: [u8; 3] = [220, 30, 30];
const GREEN: [u8; 3] = [30, 180, 60];
const BLUE: [u8; 3] = [40, 60, 210];
const YELLOW: [u8; 3] = [230, 210, 40];
const GREY: [u8; 3] = [120, 120, 120];
const BLACK: [u8; 3] = [0; 3];

/// A frame whose corners, a quarter of each side long, are red, green, blue and yellow, clockwise from the
/// top left.
fn frame(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (left, right) = (x < width / 4, x >= width - width / 4);
        let (top, bottom) = (y < height / 4, y >= height - height / 4);
        Rgb(match (left, right, top, bottom) {
            (true, _, true, _) => RED,
            (_, true, true, _) => GREEN,
            (_, true, _, true) => BLUE,
            (true, _, _, true) => YELLOW,
            _ => GREY,
        })
    })
}

fn file(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg(picture: &[u8], width: u16, height: u16, color: jpeg_encoder::ColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    encoder.encode(picture, width, height, color).unwrap();
    bytes
}

/// What was made, decoded again.
fn made(bytes: &[u8], place: Place, fit: Fit) -> RgbImage {
    let Made::New { bytes, .. } = make(bytes, place, fit).unwrap() else {
        panic!("it was not made");
    };
    let kind = Kind::of(&bytes).unwrap();
    let pixels = decode::decode(kind, &bytes).unwrap().pixels.into_rgb8();
    assert_eq!(Size::new(pixels.width(), pixels.height()), place.size());
    pixels
}

fn is_close(one: [u8; 3], other: [u8; 3]) -> bool {
    one.iter().zip(other).all(|(a, b)| a.abs_diff(b) <= 12)
}

/// The colours at the corners, clockwise from the top left, so many pixels from each side.
fn corners(picture: &RgbImage, (across, down): (u32, u32)) -> [[u8; 3]; 4] {
    let (right, bottom) = (picture.width() - 1 - across, picture.height() - 1 - down);
    [
        (across, down),
        (right, down),
        (right, bottom),
        (across, bottom),
    ]
    .map(|(x, y)| picture[(x, y)].0)
}

#[track_caller]
fn assert_corners(found: [[u8; 3]; 4], expected: [[u8; 3]; 4]) {
    let same = found.into_iter().zip(expected).all(|(a, b)| is_close(a, b));
    assert!(same, "{found:?}, expected {expected:?}");
}

const ALL: [[u8; 3]; 4] = [RED, GREEN, BLUE, YELLOW];

#[test]
fn every_kind_shows_all_four_corners_on_black() {
    let wide = frame(1920, 1080);
    let kinds = [
        ("PNG", file(wide.clone(), ImageFormat::Png)),
        (
            "JPEG",
            jpeg(&wide, 1920, 1080, jpeg_encoder::ColorType::Rgb),
        ),
        ("GIF", file(wide.clone(), ImageFormat::Gif)),
        ("WebP", file(wide.clone(), ImageFormat::WebP)),
        ("TIFF", file(wide.clone(), ImageFormat::Tiff)),
        ("BMP", file(wide.clone(), ImageFormat::Bmp)),
        (
            "PNG of 16 bits",
            file(
                DynamicImage::from(wide.clone()).to_rgb16(),
                ImageFormat::Png,
            ),
        ),
    ];
    for (name, bytes) in kinds {
        let picture = made(&bytes, Place::Tile, Fit::Contain);
        // 150 × 84 of 150 × 100.
        assert_corners(corners(&picture, (5, 12)), ALL);
        assert_corners(corners(&picture, (5, 2)), [BLACK; 4]);
        assert!(name.starts_with(Kind::of(&bytes).unwrap().name()));
    }
}

#[test]
fn a_place_is_filled_or_shows_the_whole() {
    // Each is scaled up, or down, to the place.
    for (size, contained, covered) in [
        ((60, 40), (5, 5), true),
        ((1500, 1000), (5, 5), true),
        ((400, 1000), (57, 5), false),
        ((3000, 300), (5, 44), false),
    ] {
        let bytes = file(frame(size.0, size.1), ImageFormat::Png);
        let picture = made(&bytes, Place::Tile, Fit::Contain);
        assert_corners(corners(&picture, contained), ALL);
        let picture = made(&bytes, Place::Tile, Fit::Cover);
        let expected = match covered {
            true => ALL,
            // The corners are cut off.
            false => [GREY; 4],
        };
        if size != (400, 1000) {
            assert_corners(corners(&picture, (2, 2)), expected);
        }
        assert!(corners(&picture, (0, 0)).iter().all(|it| *it != BLACK));
    }
    // A person's picture is always filled.
    let bytes = file(frame(800, 1600), ImageFormat::Png);
    let picture = made(&bytes, Place::Avatar, Fit::Contain);
    assert!(corners(&picture, (0, 0)).iter().all(|it| *it != BLACK));
}

#[test]
fn what_has_the_size_passes_byte_for_byte() {
    let tile = frame(150, 100);
    for (format, extension) in [
        (ImageFormat::Png, "png"),
        (ImageFormat::Gif, "gif"),
        (ImageFormat::WebP, "webp"),
    ] {
        let bytes = file(tile.clone(), format);
        let found = make(&bytes, Place::Tile, Fit::Contain);
        assert_eq!(found, Ok(Made::AsItIs(extension)));
        assert!(matches!(
            make(&bytes, Place::Avatar, Fit::Contain),
            Ok(Made::New { .. })
        ));
    }
    for format in [ImageFormat::Tiff, ImageFormat::Bmp] {
        let bytes = file(tile.clone(), format);
        // No browser shows a TIFF.
        assert!(matches!(
            make(&bytes, Place::Tile, Fit::Contain),
            Ok(Made::New { .. })
        ));
    }
    let face = file(frame(400, 400), ImageFormat::Png);
    for place in [Place::Avatar, Place::Project] {
        assert_eq!(make(&face, place, Fit::Contain), Ok(Made::AsItIs("png")));
    }
    let bytes = jpeg(&tile, 150, 100, jpeg_encoder::ColorType::Rgb);
    assert_eq!(
        make(&bytes, Place::Tile, Fit::Cover),
        Ok(Made::AsItIs("jpg"))
    );
    // One that lies on its side is turned all the same.
    let lying = turned(&bytes, 3);
    assert!(matches!(
        make(&lying, Place::Tile, Fit::Cover),
        Ok(Made::New { .. })
    ));
}

/// A JPEG with an orientation of EXIF.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend(b"\xff\xe1");
    bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

#[test]
fn a_picture_is_turned_as_its_exif_data_says() {
    // Where the corners of what is stored go, for each orientation.
    let expected: [[[u8; 3]; 4]; 8] = [
        [RED, GREEN, BLUE, YELLOW],
        [GREEN, RED, YELLOW, BLUE],
        [BLUE, YELLOW, RED, GREEN],
        [YELLOW, BLUE, GREEN, RED],
        [RED, YELLOW, BLUE, GREEN],
        [YELLOW, RED, GREEN, BLUE],
        [BLUE, GREEN, RED, YELLOW],
        [GREEN, BLUE, YELLOW, RED],
    ];
    for (orientation, expected) in (1_u8..).zip(expected) {
        let (width, height) = match orientation {
            5.. => (1080_u16, 1920_u16),
            _ => (1920, 1080),
        };
        let stored = frame(width.into(), height.into());
        let bytes = jpeg(&stored, width, height, jpeg_encoder::ColorType::Rgb);
        let picture = made(&turned(&bytes, orientation), Place::Tile, Fit::Contain);
        assert_corners(corners(&picture, (5, 12)), expected);
        assert_corners(corners(&picture, (5, 2)), [BLACK; 4]);
    }
}

#[test]
fn grey_and_transparent_pictures_are_shown_as_a_page_shows_them() {
    let grey = DynamicImage::from(frame(600, 400)).to_luma16();
    let picture = made(&file(grey, ImageFormat::Png), Place::Tile, Fit::Contain);
    let [red, ..] = corners(&picture, (5, 5));
    assert!(red[0] == red[1] && red[1] == red[2] && red[0] > 40);
    // Half of a white is grey on black, and of what cannot be seen nothing is left.
    let veil = RgbaImage::from_fn(600, 400, |x, _| match x < 300 {
        true => Rgba([255, 255, 255, 128]),
        false => Rgba([255, 0, 0, 0]),
    });
    let picture = made(&file(veil, ImageFormat::Png), Place::Tile, Fit::Contain);
    assert!(is_close(picture[(20, 50)].0, [128; 3]));
    assert!(is_close(picture[(130, 50)].0, BLACK));
}

#[test]
fn ink_is_shown_as_light() {
    let inks = |[r, g, b]: [u8; 3]| [255 - r, 255 - g, 255 - b, 0];
    let stored: Vec<u8> = frame(600, 400).pixels().flat_map(|it| inks(it.0)).collect();
    let kinds = [
        jpeg_encoder::ColorType::Cmyk,
        jpeg_encoder::ColorType::CmykAsYcck,
    ];
    for kind in kinds {
        let picture = made(&jpeg(&stored, 600, 400, kind), Place::Tile, Fit::Contain);
        assert_corners(corners(&picture, (5, 5)), ALL);
    }
}

#[test]
fn an_embedded_profile_counts() {
    use image::ImageEncoder as _;
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(profile).unwrap();
    let red = [200_u8, 60, 40].repeat(300 * 200);
    encoder
        .write_image(&red, 300, 200, image::ExtendedColorType::Rgb8)
        .unwrap();
    let picture = made(&bytes, Place::Tile, Fit::Contain);
    // A red of Display P3 is redder in sRGB.
    let found = picture[(75, 50)].0;
    assert!(found[0] > 212 && found[1] < 50, "{found:?}");
}

/// A TIFF without compression: its tags with their numbers, and what they refer to, which begins at byte 8.
fn tiff(tags: &[(u16, &[u32])], data: &[u8]) -> Vec<u8> {
    let mut bytes = b"II*\0".to_vec();
    bytes.extend(u32::try_from(8 + data.len()).unwrap().to_le_bytes());
    bytes.extend(data);
    let mut beside = Vec::new();
    let start = bytes.len() + 2 + 12 * tags.len() + 4;
    bytes.extend(u16::try_from(tags.len()).unwrap().to_le_bytes());
    for (tag, numbers) in tags {
        const LONG: u16 = 4;
        let count = u32::try_from(numbers.len()).unwrap();
        let value = match numbers {
            [only] => *only,
            _ => u32::try_from(start + beside.len()).unwrap(),
        };
        bytes.extend([*tag, LONG].map(u16::to_le_bytes).concat());
        bytes.extend([count, value].map(u32::to_le_bytes).concat());
        if count > 1 {
            beside.extend(numbers.iter().flat_map(|it| it.to_le_bytes()));
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(beside);
    bytes
}

#[test]
fn tiffs_of_planes_and_of_few_bits_are_read() {
    // Red, green and blue apart, in 3 × 3 tiles of 16 × 16 pixels each.
    let picture = frame(40, 36);
    let mut planes = Vec::new();
    for (plane, tile) in (0..3).flat_map(|plane| (0..9_u32).map(move |tile| (plane, tile))) {
        for at in 0..16 * 16 {
            let (x, y) = (tile % 3 * 16 + at % 16, tile / 3 * 16 + at / 16);
            planes.push(picture.get_pixel_checked(x, y).map_or(0, |it| it.0[plane]));
        }
    }
    let starts: Vec<_> = (0..27).map(|tile| 8 + tile * 256).collect();
    let tags: [(u16, &[u32]); 11] = [
        (256, &[40]),
        (257, &[36]),
        (258, &[8, 8, 8]),
        (259, &[1]),
        (262, &[2]),
        (277, &[3]),
        (284, &[2]),
        (322, &[16]),
        (323, &[16]),
        (324, &starts),
        (325, &[256; 27]),
    ];
    let tiles = made(&tiff(&tags, &planes), Place::Tile, Fit::Contain);
    assert_corners(corners(&tiles, (25, 5)), ALL);

    // Greys of 2 bits, from black to white, in rows of two bytes.
    let grey = |reverse| {
        let tags: [(u16, &[u32]); 8] = [
            (256, &[6]),
            (257, &[4]),
            (258, &[2]),
            (259, &[1]),
            (262, &[1]),
            (266, &[1 + u32::from(reverse)]),
            (273, &[8]),
            (279, &[8]),
        ];
        tiff(&tags, &[0b0000_0101, 0b1111_0000].repeat(4))
    };
    let picture = made(&grey(false), Place::Tile, Fit::Contain);
    for (x, grey) in [(15, 0), (75, 85), (135, 255)] {
        assert!(
            is_close(picture[(x, 50)].0, [grey; 3]),
            "{:?} at {x}",
            picture[(x, 50)]
        );
    }
    let reversed = make(&grey(true), Place::Tile, Fit::Contain);
    assert_eq!(
        reversed,
        Err(Error::Unsupported(Kind::Tiff, "bits in reverse order"))
    );
}

#[test]
fn an_svg_is_drawn_with_its_letters_and_nothing_from_outside() {
    let svg = br##"<?xml version="1.0"?><!-- made by hand --><!DOCTYPE svg>
        <svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">
        <script>alert(1)</script><image href="/etc/passwd" width="10" height="10"/>
        <rect width="10" height="10" fill="#204060"/>
        <text x="5" y="7" font-family="Nunito, Arial" font-size="6" fill="#fff" text-anchor="middle">JD</text></svg>"##;
    let picture = made(svg, Place::Avatar, Fit::Contain);
    assert_corners(corners(&picture, (5, 5)), [[0x20, 0x40, 0x60]; 4]);
    let white = picture.pixels().filter(|it| it.0 == [255; 3]).count();
    assert!((4000..30_000).contains(&white), "{white} white pixels");
    // Text of no element, or without an end.
    assert_eq!(
        make(b"<!DOCTYPE html><svg/>", Place::Tile, Fit::Contain),
        Err(Error::NoPicture)
    );
    let cut = make(
        b"<svg xmlns='http://www.w3.org/2000/svg'><g>",
        Place::Tile,
        Fit::Contain,
    );
    assert_eq!(cut, Err(Error::Broken(Kind::Svg)));
}

#[test]
fn an_exr_shows_its_display_window_as_a_viewer_does() {
    use exr::prelude::*;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frame.exr");
    // An overscan of 20 pixels around 600 × 400, in green; the light of a middle grey within.
    let light = |at: Vec2<usize>| {
        let inside = (20..620).contains(&at.x()) && (20..420).contains(&at.y());
        match inside {
            true => (0.2140_f32, 0.2140_f32, 0.2140_f32),
            false => (0.0, 1.0, 0.0),
        }
    };
    let channels = SpecificChannels::rgb(light);
    let mut layer = Layer::new(
        (640, 440),
        LayerAttributes::named("beauty"),
        Encoding::default(),
        channels,
    );
    layer.attributes.layer_position = Vec2(-20, -20);
    let window = IntegerBounds::new((0, 0), (600, 400));
    let image = Image::new(ImageAttributes::new(window), layer);
    image.write().to_file(&path).unwrap();
    let picture = made(&std::fs::read(&path).unwrap(), Place::Tile, Fit::Contain);
    for corner in corners(&picture, (0, 0)) {
        assert!(is_close(corner, [127; 3]), "{corner:?}");
    }
}

/// An EXR of one part, whose channels are each of one light.
fn exr(channels: &[(&str, f32)]) -> Vec<u8> {
    use exr::prelude::*;
    let channel = |(name, light): &(&str, f32)| {
        AnyChannel::new(*name, FlatSamples::F32(vec![*light; 60 * 40]))
    };
    let channels = AnyChannels::sort(channels.iter().map(channel).collect());
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = Image::from_channels((60, 40), channels);
    image.write().to_buffered(&mut bytes).unwrap();
    bytes.into_inner()
}

#[test]
fn of_an_exr_with_layers_the_finished_picture_is_shown() {
    let (light, grey) = (0.2140, [127; 3]);
    let render = [
        ("Albedo.R", 1.0),
        ("Albedo.G", 0.0),
        ("Albedo.B", 0.0),
        ("ViewLayer.Combined.R", light),
        ("ViewLayer.Combined.G", light),
        ("ViewLayer.Combined.B", light),
        ("ViewLayer.Depth.Z", 1000.0),
    ];
    // Blender 5 calls a grey channel V.
    let files = [
        &render[..],
        &render[3..],
        &[("Y", light)],
        &[("V", light), ("A", 1.0)],
    ];
    let main = [("R", light), ("G", light), ("B", light)];
    let nuke = [&main[..], &render[..3]].concat();
    for channels in files.into_iter().chain([&*nuke]) {
        let picture = made(&exr(channels), Place::Tile, Fit::Contain);
        for corner in corners(&picture, (0, 0)) {
            assert!(is_close(corner, grey), "{channels:?}: {corner:?}");
        }
    }
    let mut two = render.map(|(name, light)| (name.replace("Combined", "Diffuse"), light));
    two.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let two: Vec<_> = two.iter().map(|(name, light)| (&**name, *light)).collect();
    let chroma = [("Y", light), ("RY", 0.0), ("BY", 0.0)];
    let refused = [
        (
            exr(&two),
            "several layers, none of which is called Combined or Beauty",
        ),
        (exr(&render[6..]), "no layer with the channels R, G and B"),
        (exr(&chroma), "colours in a lower resolution than the light"),
    ];
    for (bytes, reason) in refused {
        let error = make(&bytes, Place::Tile, Fit::Contain).unwrap_err();
        let expected = format!("the EXR has {reason}: such a file is not read");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_is_not_read_is_named() {
    let make = |bytes: &[u8]| make(bytes, Place::Tile, Fit::Contain).map_err(|it| it.to_string());
    let jxl = b"\xff\x0a\0\0";
    let error = make(jxl).unwrap_err();
    assert_eq!(
        error,
        "it is a JPEG XL picture: PNG, JPEG, WebP, GIF, HEIC, TIFF, BMP, SVG and EXR are read"
    );
    assert!(make(b"8BPS\0\x01").unwrap_err().contains("Photoshop"));
    assert!(make(b"SDPX\0\0\0\0").unwrap_err().contains("DPX"));
    assert_eq!(make(b"").unwrap_err(), "it is of no known kind");
    assert_eq!(
        make(b"{\"error\": 1}").unwrap_err(),
        "it is of no known kind"
    );
}

#[test]
fn a_heic_of_one_picture_or_of_tiles_is_shown() {
    for (width, height) in [(90, 60), (600, 400)] {
        let options = heifer::EncodeOptions::default();
        let pixels = frame(width, height).into_raw();
        let bytes = heifer::encode_rgb8(width, height, &pixels, &options).unwrap();
        let picture = made(&bytes, Place::Tile, Fit::Contain);
        assert_corners(corners(&picture, (3, 3)), [RED, GREEN, BLUE, YELLOW]);
        // One whose first part says that it is made of tiles again.
        let part = bytes.windows(4).position(|it| it == b"hvc1").unwrap();
        let mut nested = bytes.clone();
        nested[part..part + 4].copy_from_slice(b"grid");
        assert!(make(&nested, Place::Tile, Fit::Contain).is_err());
        for length in (0..bytes.len()).step_by(97) {
            assert!(make(&bytes[..length], Place::Tile, Fit::Contain).is_err());
        }
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_decoded() {
    // A PNG that says it has 60,000 × 60,000 pixels.
    let mut bytes = file(frame(16, 16), ImageFormat::Png);
    bytes[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.to_be_bytes());
    let error = make(&bytes, Place::Tile, Fit::Contain).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the PNG is too large: 60000 × 60000 pixels take 10299 MiB to read, 256 may be used"
    );
}

/// The checksum of a chunk of a PNG.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

#[test]
fn a_drawing_of_drawings_ends() {
    // Ten times ten times ten … of one rectangle.
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect id='a0' width='9' height='9'/>",
    );
    for level in 1..12 {
        let uses = format!("<use href='#a{}'/>", level - 1).repeat(10);
        svg += &format!("<g id='a{level}'>{uses}</g>");
    }
    svg += "</svg>";
    assert!(make(svg.as_bytes(), Place::Tile, Fit::Contain).is_err());
    let deep = "<g>".repeat(100_000);
    let svg = format!("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{deep}");
    assert!(make(svg.as_bytes(), Place::Tile, Fit::Contain).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_refused_or_shown(
        kind in 0_usize..5,
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        end in any::<prop::sample::Index>(),
    ) {
        let picture = frame(64, 48);
        let formats = [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Bmp];
        let mut bytes = file(picture, formats[kind]);
        for (at, byte) in damages {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len()).max(bytes.len() / 2));
        let _ = make(&bytes, Place::Tile, Fit::Contain);
    }

    #[test]
    fn a_plan_stays_within_its_place(
        width in 1_u32..70_000, height in 1_u32..70_000, cover: bool,
    ) {
        let fit = if cover { Fit::Cover } else { Fit::Contain };
        let plan = scale::Plan::new((width.into(), height.into()), Place::Tile.size(), fit);
        let scale::Plan { part: [left, top, part_width, part_height], size, at } = plan;
        prop_assert!(at.0 + size.width <= 150 && at.1 + size.height <= 100);
        prop_assert!(size.width > 0 && size.height > 0);
        prop_assert!(left >= 0.0 && top >= 0.0 && part_width > 0.0 && part_height > 0.0);
        prop_assert!(left + part_width <= f64::from(width) + 1e-6);
        prop_assert!(top + part_height <= f64::from(height) + 1e-6);
    }
}
