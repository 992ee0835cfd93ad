"""Reads a film with the official client, as one writes it by hand: what `cargo xtask bench flow` compares with.

    python flow.py URL SCRIPT KEY
"""

import sys

from shotgun_api3 import Shotgun

# The same fields as the connector reads.
FIELDS = {
    "Sequence": ["code", "episode"],
    "Shot": ["code", "sg_sequence", "sg_scene", "sg_status_list", "image", "assets", "sg_cut_in", "sg_cut_out", "sg_cut_duration", "sg_cut_order",
             "cut_in", "cut_out", "cut_duration"],
    "Asset": ["code", "sg_asset_type", "sg_status_list", "image"],
    "Task": ["content", "entity", "step", "sg_status_list", "task_assignees"],
    "Cut": ["code", "entity", "version", "revision_number", "fps", "timecode_start_text", "sg_status_list"],
}

site = Shotgun(*sys.argv[1:4])
site.schema_entity_read()
statuses = site.find("Status", [], ["code", "name", "bg_color"])
steps = site.find("Step", [], ["code", "color", "entity_type", "list_order"])
people = site.find("HumanUser", [], ["name", "firstname", "lastname", "login", "image", "sg_status_list"])
project = site.find_one("Project", [["name", "is", "Large"]], ["name", "code", "tank_name", "image", "users"])
film = {entity: site.find(entity, [["project", "is", project]], fields) for entity, fields in FIELDS.items()}
items = site.find("CutItem", [["cut", "in", film["Cut"]]], ["cut", "shot", "cut_order", "edit_in", "edit_out", "cut_item_duration",
                                                            "timecode_edit_in_text", "timecode_edit_out_text"])
print({entity: len(rows) for entity, rows in film.items()}, len(items))
