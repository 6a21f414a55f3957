"""The instant that a run stands for (`ORCHESTRATE_SLOT`)."""

import datetime
import re

from .failure import CONFIGURATION, Failure


def slot_date(slot):
    """The UTC date of an RFC 3339 instant; today for an unset or empty one."""
    if not slot:
        return datetime.datetime.now(datetime.timezone.utc).date()
    try:
        instant = datetime.datetime.fromisoformat(re.sub("[Zz]$", "+00:00", slot))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Failure(
            CONFIGURATION,
            f"ORCHESTRATE_SLOT is {slot!r}, which is no instant",
            "write it like 2026-11-03T06:00:00Z, or unset it",
        )
    return instant.astimezone(datetime.timezone.utc).date()
