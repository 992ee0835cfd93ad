"""The arguments that version 1 of the package takes, for scripts that read them with it.

What they say there, `watchtower` takes here: where the site is (`--output`), which projects are exported
(`--project`), and the bundle (`watchtower bundle`). An option that changes nothing is named on standard error.
"""

import argparse
import pathlib
import sys
from dataclasses import dataclass, field
from typing import List, Optional

from . import _call

NO_BUNDLE = (
    "--bundle does nothing here: `watchtower bundle SITE --client PATH --output DIR` puts a site and its web "
    "client into one folder"
)
_NO_DESTINATION = "--destination says nothing here: the site is where `watchtower export --output` says"


@dataclass
class ParsedArgs:
    """What was asked for."""

    bundle: Optional[bool] = None
    project_ids: List[str] = field(default_factory=list)
    destination_path: pathlib.Path = None


def parse_args(args=None) -> ParsedArgs:
    """Reads the arguments of a script, which are `sys.argv[1:]` if none are given."""
    reader = argparse.ArgumentParser(description="Tells watchtower what a tracker holds.")
    asked = ParsedArgs()
    reader.set_defaults(**vars(asked))
    reader.add_argument("--bundle", "-b", action="store_true", help="does nothing here")
    reader.add_argument("--no-bundle", dest="bundle", action="store_false", help=argparse.SUPPRESS)
    reader.add_argument("--projects", "-p", dest="project_ids", metavar="ID", nargs="*", help="only these projects")
    reader.add_argument(
        "--destination", "-d", dest="destination_path", metavar="DIR", type=pathlib.Path, help="says nothing here"
    )
    reader.parse_args(args, namespace=asked)
    # Once in an export, which calls the script for the list first.
    if _call.is_for_list():
        if asked.bundle:
            print(NO_BUNDLE, file=sys.stderr)
        if asked.destination_path is not None:
            print(_NO_DESTINATION, file=sys.stderr)
    if asked.destination_path is None:
        asked.destination_path = pathlib.Path.cwd()
    return asked
