#!/usr/bin/env python3
"""What OpenTimelineIO and its adapters read.

compare.py generate FOLDER   makes timelines in FOLDER, and expected.json: where their clips are
compare.py read FILE         prints what a file of OpenTimelineIO holds
compare.py convert FOLDER    writes each EDL of FOLDER as OpenTimelineIO, beside it

Of each clip: its name, its first frame, and the frame at which it has ended.
"""

import json
import math
import pathlib
import random
import sys

import opentimelineio as otio
from opentimelineio.opentime import RationalTime as T, TimeRange as R
from opentimelineio.schema import (
    Clip, ExternalReference, Gap, Marker, Stack, Timeline, Track, Transition,
)

RATES = [24, 25, 30, 24000 / 1001]


def rng(start, length, rate):
    return R(T(start, rate), T(length, rate))


def clip(name, length, rate, start=0):
    media = ExternalReference(
        target_url=f"file:///media/{name}.mov", available_range=rng(0, start + length + 100, rate))
    made = Clip(name=name, media_reference=media, source_range=rng(start, length, rate))
    if length > 4 and length % 3 == 0:
        made.markers.append(Marker(name="look", marked_range=rng(start, 1, rate)))
    return made


def items(dice, rate, prefix, depth, dissolves):
    """What a track holds: clips, gaps, dissolves between clips, and timelines in it."""
    made, before = [], None
    for number in range(dice.randint(1, 9)):
        kind = dice.random()
        if kind < 0.2:
            made.append(Gap(source_range=rng(0, dice.randint(1, 40), rate)))
        elif kind < 0.35 and depth:
            inner = Track(kind="Video")
            inner.extend(items(dice, rate, f"{prefix}{number}n", depth - 1, dissolves))
            length = int(inner.duration().rescaled_to(rate).value)
            start = dice.randint(0, length // 2)
            nested = Stack(name="nested", children=[inner])
            nested.source_range = rng(start, dice.randint(1, length - start), rate)
            made.append(nested)
        else:
            if dissolves and isinstance(before, Clip) and dice.random() < 0.3:
                made.append(Transition(
                    transition_type="SMPTE_Dissolve", in_offset=T(2, rate), out_offset=T(2, rate)))
            made.append(clip(f"{prefix}_{number:02}0", dice.randint(6, 90), rate, dice.randint(4, 200)))
        before = made[-1]
    if not any(isinstance(it, Clip) for it in made):
        made.append(clip(f"{prefix}_990", 24, rate))
    return made


def timeline(dice, rate, depth=0, tracks=1, dissolves=False):
    made = Timeline(name="Generated")
    for number in range(tracks):
        track = Track(name=f"V{number + 1}", kind="Video")
        track.extend(items(dice, rate, f"sh{number}", depth, dissolves))
        made.tracks.append(track)
    if dice.random() < 0.5:
        made.tracks.append(Track(name="A1", kind="Audio", children=[clip("sound", 48, rate)]))
    return made


def frame(seconds, rate):
    return math.floor(seconds * rate + 0.5 + 1e-6)


def places(made, rate):
    """Each clip of the video tracks, trimmed by all that it is in."""
    found = []
    for track in made.tracks:
        if track.kind != "Video":
            continue
        for item in track.find_clips():
            parents, at = [], item
            while at is not track:
                parents.append(at)
                at = at.parent()
            span = None
            for parent in parents:
                own = parent.transformed_time_range(parent.trimmed_range(), track)
                start, end = own.start_time.to_seconds(), own.end_time_exclusive().to_seconds()
                span = (start, end) if span is None else (max(span[0], start), min(span[1], end))
            if span[1] - span[0] >= 1e-5:
                found.append([item.name, frame(span[0], rate), frame(span[1], rate)])
    return sorted(found, key=lambda it: (it[1], it[2], it[0]))


def code(frame, rate):
    second, frame = divmod(frame, round(rate))
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}:{frame:02}"


def edl(dice, rate):
    """An EDL as editors send it: cuts, dissolves and wipes, gaps, comments."""
    lines, record, before = ["TITLE: Generated", "FCM: NON-DROP FRAME", ""], 3600 * round(rate), None
    for number in range(1, dice.randint(3, 20)):
        name, length, source = f"010_{number:02}0", dice.randint(30, 90), dice.randint(0, 1000)
        kind = dice.choice(["C"] * 5 + ["D", "W001"]) if before else "C"
        if kind == "C" and dice.random() < 0.2:
            record += dice.randint(1, 50)
        event = lambda how, start, end: (
            f"{number:03}  AX       V     {how:<8} {code(source, rate)} {code(source + end - start, rate)} "
            f"{code(start, rate)} {code(end, rate)}")
        if kind == "C":
            lines += [event("C", record, record + length), f"* FROM CLIP NAME: {name}"]
        else:
            lines += [event("C", record, record), event(f"{kind} {12:03}", record, record + length)]
            lines += [f"* FROM CLIP NAME: {before}", f"* TO CLIP NAME: {name}"]
        if dice.random() < 0.3:
            lines.append(f"* LOC: {code(record, rate)} GREEN   look")
        record, before = record + length, name
    return "\n".join(lines) + "\n"


def generate(folder):
    dice, expected = random.Random(7), {}

    def note(name, made, rate):
        expected[name] = {"fps": rate, "clips": places(made, rate)}

    for number in range(40):
        rate = RATES[number % 4]
        name = f"nested{number}.otio"
        made = timeline(dice, rate, depth=3, tracks=dice.randint(1, 4), dissolves=True)
        otio.adapters.write_to_file(made, str(folder / name))
        note(name, made, rate)
        name = f"nested{number}.otio" + "zd"[number % 2]
        missing = otio.adapters.file_bundle_utils.MediaReferencePolicy.AllMissing
        otio.adapters.write_to_file(made, str(folder / name), media_policy=missing)
        note(name, made, rate)

        name = f"final_cut{number}.xml"
        made = timeline(dice, rate, tracks=dice.randint(1, 3), dissolves=True)
        otio.adapters.write_to_file(made, str(folder / name))
        note(name, otio.adapters.read_from_file(str(folder / name)), rate)

        # As the writer of EDLs has it, and as editors do; and what its reader makes of it, with a track that
        # starts at the timecode of the list.
        name, rate = f"written{number}.edl", RATES[number % 3]
        made = timeline(dice, rate)
        otio.adapters.write_to_file(made, str(folder / name), rate=rate)
        note(name, otio.adapters.read_from_file(str(folder / name), rate=rate), rate)
        name = f"sent{number}.edl"
        (folder / name).write_text(edl(dice, rate))
        made = otio.adapters.read_from_file(str(folder / name), rate=rate)
        note(name, made, rate)
        name = f"read{number}.otio"
        otio.adapters.write_to_file(made, str(folder / name))
        note(name, made, rate)
    (folder / "expected.json").write_text(json.dumps(expected))


def read(file):
    made = otio.adapters.read_from_file(str(file))
    rate = made.tracks[0].trimmed_range().duration.rate
    markers = [[it.name, it.color] for clip in made.find_clips() for it in clip.markers]
    addresses = [it.media_reference.target_url for it in made.find_clips()
                 if isinstance(it.media_reference, ExternalReference)]
    print(json.dumps({
        "name": made.name, "tracks": [it.name for it in made.tracks], "clips": places(made, rate),
        "markers": markers, "addresses": addresses,
    }))


def convert(folder):
    for file in sorted(folder.glob("*.edl")):
        made = otio.adapters.read_from_file(str(file), rate=24)
        otio.adapters.write_to_file(made, str(file.with_suffix(".otio")))


if __name__ == "__main__":
    action, place = sys.argv[1:]
    {"generate": generate, "convert": convert, "read": read}[action](pathlib.Path(place))
