"""Named places at which a crash test can kill the process, so that the central promise is tested and not argued.

``MUSTER_FAILPOINT=17`` kills the process with SIGKILL at the 17th place it reaches; ``MUSTER_FAILPOINT_LOG=path``
writes the name of every place as it is reached. ``MUSTER_FAILPOINT_GATE=path`` counts nothing until that file is
there. Without these variables ``reach`` does nothing. Only crash tests set them; they are no settings.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

_at = int(os.environ.get("MUSTER_FAILPOINT", "0") or "0")
_log = os.environ.get("MUSTER_FAILPOINT_LOG")
_only = os.environ.get("MUSTER_FAILPOINT_AFTER", "")
_gate = os.environ.get("MUSTER_FAILPOINT_GATE", "")
_lock = threading.Lock()
_reached = 0
_armed = not (_only or _gate)


def reach(name: str) -> None:
    """Count one place; die here when it is the chosen one.

    Counting starts at the first place called ``MUSTER_FAILPOINT_AFTER``, or once ``MUSTER_FAILPOINT_GATE`` exists
    (at once when both are unset), so that the start-up of the process does not shift the numbers.
    """
    if not (_at or _log):
        return
    global _reached, _armed  # noqa: PLW0603 - one counter per process is the point
    with _lock:
        _armed = _armed or name == _only or bool(_gate and Path(_gate).exists())
        if not _armed:
            return
        _reached += 1
        if _log:
            with Path(_log).open("a", encoding="utf-8") as out:
                out.write(f"{_reached} {name}\n")
        if _reached == _at:
            os.kill(os.getpid(), signal.SIGKILL)
