"""`python -m watchtower_tracker` says how to go on."""

import os
import shutil
import sys
import sysconfig

TEXT = """\
watchtower_tracker tells the command `watchtower` what a tracker holds.

A connector is a Python script that begins with

    from watchtower_tracker import models, writers

and ends with `write_as_json()` of its writers, or with `write_all()` of a class that extends
`writers.AbstractWriter`. This exports what it tells to a site, and looks at the site:

    {command} export process --output site -- {python} SCRIPT
    {command} validate site

`{command} export process --help` has the rest, `{command} export example --output site` makes a site to look
at, and `{command} explain` lists what can be wrong with one.
"""


def _command():
    """The command as a person types it: by its name, if that finds one."""
    if shutil.which("watchtower"):
        return "watchtower"
    name = "watchtower.exe" if os.name == "nt" else "watchtower"
    beside = os.path.join(sysconfig.get_path("scripts"), name)
    return beside if os.path.exists(beside) else None


def main():
    command = _command()
    python = "python" if os.name == "nt" else "python3"
    print(TEXT.format(command=command or "watchtower", python=python), end="")
    if command is None:
        print("\nThe command itself is not in PATH: `pip install watchtower-rs` brings it.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
