"""Compares pictures with what Pillow and libvips make of the same files: compare.py ORIGINALS MADE

Reads names of files in ORIGINALS from its input, one a line, and prints a JSON object: of each, the mean
differences of all channels between what is in MADE and what others make of it, of 255. There is none by who
does not read it, and "unread" says who reads it where there is nothing in MADE.
"""

import io
import json
import sys
import warnings
from pathlib import Path

import pillow_heif
import pyvips
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

pillow_heif.register_heif_opener()

WIDTH, HEIGHT = 150, 100

# What is larger, neither Pillow nor we decode.
Image.MAX_IMAGE_PIXELS = 80_000_000
CANNOT = (OSError, SyntaxError, ValueError, TypeError, KeyError, ImageCms.PyCMSError, Image.DecompressionBombError, pyvips.Error)


def with_pillow(path):
    picture = Image.open(path)
    if picture.width * picture.height > Image.MAX_IMAGE_PIXELS:
        raise ValueError("too large")
    picture.load()
    profile = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda it: it * (1 / 257)).convert("L")
    if picture.mode in ("P", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    picture = picture.convert("RGB")
    if alpha:
        flat = Image.new("RGB", picture.size)
        flat.paste(picture, mask=alpha)
        picture = flat
    return picture


def with_vips(path):
    picture = pyvips.Image.new_from_file(str(path), fail_on="error").autorot()
    if picture.width * picture.height > Image.MAX_IMAGE_PIXELS:
        raise ValueError("too large")
    if picture.get_typeof("icc-profile-data"):
        picture = picture.icc_transform("srgb", embedded=True, intent="relative")
    elif picture.interpretation == "cmyk":
        raise ValueError("libvips has a profile of its own for CMYK without one")
    else:
        picture = picture.colourspace("srgb")
    if picture.hasalpha():
        picture = picture.flatten()
    picture = picture.colourspace("srgb").cast("uchar")
    if picture.bands == 1:
        picture = picture.bandjoin([picture, picture])
    return Image.frombytes("RGB", (picture.width, picture.height), picture.write_to_memory())


def in_place(picture):
    """Scales a picture to the place and lays it on black in the middle."""
    scale = min(WIDTH / picture.width, HEIGHT / picture.height)
    size = [max(1, min(most, int(side * scale + 0.5))) for side, most in zip(picture.size, (WIDTH, HEIGHT))]
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    whole = Image.new("RGB", (WIDTH, HEIGHT))
    whole.paste(picture, ((WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2))
    return whole


def main(originals, made):
    warnings.simplefilter("ignore")
    differences = {}
    for name in map(str.rstrip, sys.stdin):
        ours = made / name.replace("/", "__")
        found = {}
        for by, make in (("Pillow", with_pillow), ("libvips", with_vips)):
            try:
                theirs = in_place(make(originals / name))
            except CANNOT:
                continue
            if ours.exists():
                difference = ImageChops.difference(Image.open(ours).convert("RGB"), theirs)
                found[by] = sum(ImageStat.Stat(difference).mean) / 3
            else:
                found.setdefault("unread", []).append(by)
        differences[name] = found
    json.dump(differences, sys.stdout, indent=1)


main(Path(sys.argv[1]), Path(sys.argv[2]))
