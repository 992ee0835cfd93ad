"""The specification's data classes and writers, for a connector that `watchtower export process` runs.

A script written for the Python package of Watchtower the way its specification shows runs with only its
imports changed:

    from watchtower_tracker import models, writers

So does one in which a class extends `writers.AbstractWriter`, as version 1 of that package has it.

`watchtower` calls the script with one more argument, `project-list`, or with two, `project ID`, and reads
one JSON document from its standard output. The writers print that document instead of writing files, and
end the script as soon as it is out. Whatever else the script prints goes to standard error, which
`watchtower` logs. The arguments of the call are taken off `sys.argv`, so the script's own stay as they were.
"""

from . import argparser, models, writers

__all__ = ["argparser", "models", "writers"]
