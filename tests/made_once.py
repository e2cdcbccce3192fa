"""What takes long to make, and is the same for many tests, is made once; every test begins with a copy of it."""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from shutil import copytree, rmtree
from threading import RLock
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator
from tests.conftest import Folder

# the copy of a lock is another lock
copyreg.pickle(type(RLock()), lambda _: (RLock, ()))


class MadeOnce:
    """A tenant and a workspace for the tests of one module: at the same address and in the same folder for each."""

    def __init__(self, root: Path) -> None:
        self.tenant = Simulator(Options()).start()
        self._root, self._kept = root / "workspace", root / "kept"
        self._state: dict[str, Any] | None = None

    def empty(self, monkeypatch: pytest.MonkeyPatch) -> Folder:
        """An empty tenant, a workspace with its Tenant manifest alone, and its credentials in the environment."""
        self.tenant.reset()
        rmtree(self._root, ignore_errors=True)
        for name, value in self.tenant.environment().items():
            monkeypatch.setenv(name, value)
        return Folder(self._root, self.tenant.url)

    def made(self, make: Callable[[], object]) -> None:
        """Let the first test `make` something of the empty tenant and workspace; give all others what came of it."""
        store = self.tenant.store
        if self._state is None:
            make()
            copytree(self._root, self._kept, symlinks=True)
            self._state = self._copied({name: value for name, value in vars(store).items() if name != "lock"})
        else:
            rmtree(self._root)
            copytree(self._kept, self._root, symlinks=True)
            with store.lock:
                vars(store).update(self._copied(self._state))

    def _copied(self, state: dict[str, Any]) -> dict[str, Any]:
        # what is part of the tenant's store goes on being part of this one
        return deepcopy(state, {id(self.tenant.store): self.tenant.store})

    def close(self) -> None:
        """Stop the tenant."""
        self.tenant.stop()
