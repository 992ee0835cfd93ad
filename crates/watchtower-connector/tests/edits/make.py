#!/usr/bin/env python3
"""Makes the timelines beside this file, and expected.json: what OpenTimelineIO says where their clips are.

    pip install opentimelineio==0.18.1 && python3 make.py

Each clip is listed with its first frame and the frame at which it has ended, at the rate that the
connector counts in, trimmed by everything it is nested in; in the order of the file.
"""

import json
import math
import pathlib

import opentimelineio as otio
from opentimelineio.opentime import RationalTime as T, TimeRange as R
from opentimelineio.schema import (
    Clip, ExternalReference, FreezeFrame, Gap, LinearTimeWarp, Stack, Timeline, Track, Transition,
)

HERE = pathlib.Path(__file__).parent


def rng(start, length, rate=24):
    return R(T(start, rate), T(length, rate))


def clip(name, start, length, rate=24, **more):
    return Clip(name=name, source_range=rng(start, length, rate), **more)


def timeline(name, *tracks, start=None):
    made = Timeline(name=name, global_start_time=start)
    made.tracks.extend(tracks)
    return made


def video(*items, name="V1", **more):
    track = Track(name=name, kind="Video", **more)
    track.extend(items)
    return track


def stack(name, *items, **more):
    made = Stack(name=name, **more)
    made.extend(items)
    return made


def transition(before, after, rate=24):
    return Transition(name="dissolve", transition_type="SMPTE_Dissolve", in_offset=T(before, rate), out_offset=T(after, rate))


def disabled(item):
    item.enabled = False
    return item


def media(length, rate=24, start=86400):
    return ExternalReference(target_url="file:///media/010_0030_v002.mov", available_range=rng(start, length, rate))


files = {
    "plain": (timeline("Plain", video(clip("010_0010", 8, 24), clip("010_0020", 0, 36), clip("010_0030", 100, 1))), 24),
    "gaps": (timeline("Gaps", video(
        Gap(source_range=rng(0, 48)), clip("010_0010", 0, 24), Gap(source_range=rng(5, 12)),
        clip("010_0020", 0, 36), Gap(source_range=rng(0, 0)))), 24),
    "available": (timeline("Available", video(
        Clip(name="whole", media_reference=media(30)), clip("part", 86410, 10, media_reference=media(30)))), 24),
    "nested": (timeline("Nested", video(
        clip("010_0010", 0, 10),
        stack("scene", video(clip("020_0010", 0, 20), clip("020_0020", 0, 30), name="inner"), source_range=rng(5, 40)),
        video(clip("030_0010", 0, 7), Gap(source_range=rng(0, 3)), clip("030_0020", 0, 7), name="run", source_range=rng(4, 11)),
        clip("040_0010", 0, 5))), 24),
    "deep": (timeline("Deep", video(
        clip("a", 0, 6),
        stack("one", stack("two", video(clip("b", 3, 12), clip("c", 0, 12)), source_range=rng(2, 20)), source_range=rng(1, 17)),
        clip("d", 0, 6))), 24),
    "tracks": (timeline("Tracks",
        video(clip("010_0010", 0, 24), clip("010_0020", 0, 24)),
        video(Gap(source_range=rng(0, 12)), clip("010_0015", 0, 6), name="V2"),
        Track(name="A1", kind="Audio", children=[clip("dialogue", 0, 48)])), 24),
    "rates": (timeline("Rates", video(
        clip("at24", 0, 48, 24), clip("at25", 0, 50, 25), clip("at30", 0, 30, 30), clip("at24again", 0, 96, 24),
        clip("ntsc", 0, 48, 24000 / 1001))), 24),
    "ntsc": (timeline("NTSC", video(*(clip(f"s{n:03}", n, 17 + n % 5, 24000 / 1001) for n in range(200)))), 24000 / 1001),
    "transitions": (timeline("Transitions", video(
        clip("010_0010", 24, 48), transition(6, 6), clip("010_0020", 24, 48), transition(0, 12), clip("010_0030", 24, 24))), 24),
    "transition_ends": (timeline("Ends", video(
        transition(4, 8), clip("010_0010", 24, 48), clip("010_0020", 24, 48), transition(6, 10))), 24),
    "nested_transitions": (timeline("Nested transitions", video(
        clip("first", 0, 10),
        stack("scene", video(transition(4, 8), clip("in", 24, 48), transition(5, 5), clip("out", 24, 48))),
        clip("last", 0, 10))), 24),
    "warps": (timeline("Warps", video(
        clip("fast", 0, 48, effects=[LinearTimeWarp(time_scalar=2.0)]),
        clip("frozen", 0, 12, effects=[FreezeFrame()]), clip("plain", 0, 24))), 24),
    "hour": (timeline("Starts at an hour", video(clip("010_0010", 90000, 100, 25), clip("010_0020", 90000, 50, 25)),
        start=T(90000, 25)), 25),
    "global_rate": (timeline("Counts at 25", video(clip("010_0010", 0, 48), clip("010_0020", 0, 24)), start=T(0, 25)), 25),
    "disabled": (timeline("Disabled", video(
        clip("010_0010", 0, 24), disabled(clip("010_0020", 0, 24)), clip("010_0030", 0, 24))), 24),
    "cut_away": (timeline("Cut away", video(
        video(clip("gone", 0, 10), clip("there", 0, 10), name="run", source_range=rng(10, 10)), clip("next", 0, 4))), 24),
    "trimmed_track": (timeline("Trimmed track", video(
        clip("010_0010", 0, 24), clip("010_0020", 0, 24), source_range=rng(12, 24))), 24),
    "half_frames": (timeline("Half frames", video(*(clip(f"s{n}", 0, 1, 48) for n in range(9)), clip("rest", 0, 240, 24))), 24),
}
files["trimmed_stack"] = (timeline("Trimmed stack", video(clip("010_0010", 0, 24), clip("010_0020", 0, 24))), 24)
files["trimmed_stack"][0].tracks.source_range = rng(6, 30)


def frame(seconds, rate):
    return math.floor(seconds * rate + 0.5 + 1e-6)


def expected(made, rate):
    root = made.tracks
    found = []
    for item in made.find_clips():
        parents, at = [], item
        while at is not None and at is not root:
            parents.append(at)
            at = at.parent()
        if any(isinstance(it, Track) and it.kind != "Video" for it in parents):
            continue
        if any(not it.enabled for it in parents):
            continue
        # Trimmed by each of the parents, in the time of the root.
        span = None
        for parent in parents + [root]:
            own = root.trimmed_range() if parent is root else parent.transformed_time_range(parent.trimmed_range(), root)
            start, end = own.start_time.to_seconds(), own.end_time_exclusive().to_seconds()
            span = (start, end) if span is None else (max(span[0], start), min(span[1], end))
        zero = root.trimmed_range().start_time.to_seconds()
        if span[1] - span[0] < 1e-5:
            continue
        found.append([item.name, frame(span[0] - zero, rate), frame(span[1] - zero, rate)])
    return found


results = {}
for name, (made, rate) in files.items():
    otio.adapters.write_to_file(made, str(HERE / f"{name}.otio"))
    results[name] = {"fps": rate, "clips": expected(made, rate)}
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(result)}" for name, result in results.items())
(HERE / "expected.json").write_text("{\n" + lines + "\n}\n")
