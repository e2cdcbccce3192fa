"""Load ibis when the first relation is made: it takes a third of a second, and a plan of objects alone makes none."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from types import ModuleType

_NAME = "ibis"
_LOADING = threading.RLock()


class _Late(ModuleType):
    """Stands for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        with _LOADING:
            if sys.modules.get(_NAME) is self:
                del sys.modules[_NAME]
                import_module(_NAME)
        found: object = getattr(sys.modules[_NAME], name)
        self.__dict__[name] = found  # asked once
        return found


def load_when_used() -> None:
    """Let `import ibis` load nothing yet; where it is loaded already, nothing changes."""
    sys.modules.setdefault(_NAME, _Late(_NAME))
