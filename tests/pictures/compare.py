"""Compares pictures with what Pillow and libvips make of the same files: compare.py ORIGINALS MADE

Prints a JSON object: of each file in MADE, the mean differences of all channels, of 255.
"""

import io
import json
import sys
import warnings
from pathlib import Path

import pyvips
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

WIDTH, HEIGHT = 150, 100


def on_black(picture):
    """Lays a picture in the middle of the place."""
    whole = Image.new("RGB", (WIDTH, HEIGHT))
    whole.paste(picture, ((WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2))
    return whole


def with_pillow(path):
    picture = Image.open(path)
    picture.load()
    profile = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda it: it * (1 / 257)).convert("L")
    if picture.mode in ("P", "PA") or "transparency" in picture.info:
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
    scale = min(WIDTH / picture.width, HEIGHT / picture.height)
    size = [max(1, min(most, int(side * scale + 0.5))) for side, most in zip(picture.size, (WIDTH, HEIGHT))]
    return on_black(picture.resize(size, Image.Resampling.LANCZOS))


def with_vips(path):
    picture = pyvips.Image.thumbnail(str(path), WIDTH, height=HEIGHT, output_profile="srgb")
    if picture.hasalpha():
        picture = picture.flatten()
    picture = picture.colourspace("srgb").cast("uchar")
    if picture.bands == 1:
        picture = picture.bandjoin([picture, picture])
    size = (picture.width, picture.height)
    return on_black(Image.frombytes("RGB", size, picture.write_to_memory()))


def main(originals, made):
    warnings.simplefilter("ignore")
    differences = {}
    for path in sorted(made.iterdir()):
        ours = Image.open(path).convert("RGB")
        original = originals / path.name.replace("__", "/")
        found = {}
        for name, make in (("pillow", with_pillow), ("libvips", with_vips)):
            try:
                theirs = make(original)
            except (OSError, SyntaxError, ValueError, pyvips.Error, ImageCms.PyCMSError):
                continue
            found[name] = sum(ImageStat.Stat(ImageChops.difference(ours, theirs)).mean) / 3
        differences[path.name.replace("__", "/")] = found
    json.dump(differences, sys.stdout, indent=1)


main(Path(sys.argv[1]), Path(sys.argv[2]))
