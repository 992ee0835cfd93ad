#!/usr/bin/env python3
"""A connector without any dependency: what a small studio knows, as `watchtower export process` asks.

    watchtower export process --output site -- python3 examples/python/studio.py

Replace the tables by questions to your tracker. Ids are the tracker's own; where it has none, any text
that stays the same will do. Frames count from 0, and `frame_out` is the frame at which a shot has ended.
"""

import json
import sys

# (sequence, shot, number of frames, status of the animation, who does it)
SHOTS = [
    ("010", "0010", 48, "Done", "jade"),
    ("010", "0020", 72, "In Progress", "jade"),
    ("020", "0010", 96, "Todo", "ravi"),
]
CASTING = {"010-0010": ["rex"], "010-0020": ["rex", "cabin"], "020-0010": ["cabin"]}
FILM = {"id": "short-film", "name": "Short Film", "fps": 24.0, "ratio": "2.35:1"}


def project_list():
    return {
        "projects": [FILM],
        "asset_types": [{"id": "character", "name": "Character"}, {"id": "set", "name": "Set"}],
        "task_types": [{"id": "animation", "name": "Animation", "color": "#ff8800", "for_shots": True}],
        "task_statuses": [
            {"id": "todo", "name": "Todo", "color": "#f5f5f5"},
            {"id": "in-progress", "name": "In Progress", "color": "#3273dc"},
            {"id": "done", "name": "Done", "color": "#22d160"},
        ],
        "users": [{"id": "jade", "name": "Jade Doe"}, {"id": "ravi", "name": "Ravi Roe"}],
    }


def project():
    shots, start = [], 0
    for sequence, name, frames, status, user in SHOTS:
        shots.append(
            {
                "id": f"{sequence}-{name}",
                "name": name,
                "sequence_id": sequence,
                "data": {"frame_in": start, "frame_out": start + frames},
                "fps": FILM["fps"],
                "tasks": [
                    {
                        "task_type_id": "animation",
                        "task_status_id": status.lower().replace(" ", "-"),
                        "assignees": [user],
                    }
                ],
            }
        )
        start += frames
    return {
        "project": {**FILM, "team": ["jade", "ravi"]},
        "sequences": [{"id": name, "name": name} for name in sorted({shot[0] for shot in SHOTS})],
        "assets": [
            {"id": "rex", "name": "Rex", "asset_type_id": "character"},
            {"id": "cabin", "name": "Cabin", "asset_type_id": "set"},
        ],
        "shots": shots,
        "casting": [{"shot_id": shot, "asset_ids": assets} for shot, assets in CASTING.items()],
    }


def main():
    question = sys.argv[1:]
    if question == ["project-list"]:
        document = project_list()
    elif question == ["project", FILM["id"]]:
        document = project()
    else:
        sys.exit(f"called with {question}: expected `project-list` or `project ID`")
    json.dump({"watchtower_tracker": 1, **document}, sys.stdout)


if __name__ == "__main__":
    main()
