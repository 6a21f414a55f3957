"""What the last successful run left for this one (`ORCHESTRATE_STATE`)."""

import json
import os


def load(version):
    """The state, if there is one of this version; else an empty one: everything is read again."""
    try:
        state = json.loads(os.environ.get("ORCHESTRATE_STATE") or "{}")
    except (ValueError, RecursionError):
        return {}
    return state if isinstance(state, dict) and state.get("version") == version else {}
