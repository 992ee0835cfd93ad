"""Export from Kitsu with the Python package, into the current folder.

Settings come from the environment: the package's own reader of its file of settings stumbles over a
password that holds "=".
"""

import os
import sys

# The package writes below the folder in which it is imported, and demands that this file is there.
open(".env.local", "w").close()
from watchtower_pipeline import kitsu  # noqa: E402

kitsu.Config.get_env_data_as_dict = staticmethod(lambda path: os.environ)
sys.exit(kitsu.main([]))
