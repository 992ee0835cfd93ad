"""What `watchtower` calls the script for, and where the answer goes."""

import atexit
import json
import os
import sys

#: The version of the documents.
VERSION = 1


class Call:
    """A call for one document: the list of projects, or one project."""

    def __init__(self, project_id=None):
        self.project_id = project_id
        self._answer = _take_stdout()
        atexit.register(self._end)

    def answer(self, document):
        """Prints the document, and ends the script: nobody asks for more."""
        self._print(_text(document))
        raise SystemExit(0)

    def answer_at_end(self, document):
        """Prints the document when the script has ended without an exception, unless another comes before."""
        self._at_end = _text(document)

    _at_end = None

    def _print(self, text):
        self._answer.write(text)
        self._answer.close()

    def _end(self):
        # After an exception its message says why.
        if self._answer.closed or hasattr(sys, "last_type"):
            return
        if self._at_end is not None:
            self._print(self._at_end)
            return
        what = "the list of projects"
        if self.project_id is not None:
            what = f"the project {self.project_id}"
        print(f"the script ended without writing {what}", file=sys.stderr)


def _text(document):
    try:
        return json.dumps({"watchtower_tracker": VERSION, **document}, allow_nan=False)
    except ValueError:
        raise ValueError("a number is not finite, which JSON cannot hold") from None


def _take_stdout():
    """Keeps the standard output for the document alone: what anybody else prints, programs that the
    script starts too, goes to the standard error."""
    sys.stdout.flush()
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return answer


def _of_arguments(arguments):
    if len(arguments) >= 3 and arguments[-2] == "project":
        project_id = arguments.pop()
        arguments.pop()
        return Call(project_id)
    if len(arguments) >= 2 and arguments[-1] == "project-list":
        arguments.pop()
        return Call()
    return None


_current = _of_arguments(sys.argv)


def is_for_list():
    """Whether the list of projects is what was asked for."""
    return _current is not None and _current.project_id is None


def current():
    """The call there is. Without one the script ends: it was started by hand."""
    if _current is None:
        sys.exit(
            "expected `project-list` or `project ID` as the last arguments; "
            "`watchtower export process --output DIR -- python3 SCRIPT` adds them"
        )
    return _current
