# tested by: tests/code_hosts/test_github.py
"""Talk to the host of the manifests' repository: comments of pull requests, issues, and the plans that were approved.

A host is a module of this package with a `HOST`; which one it is, and where, a pipeline's environment says.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from reconciler.code_hosts.code_host import CodeHost, NoCodeHost


def open_code_host(environ: Mapping[str, str]) -> CodeHost:
    """The code host of this pipeline.

    Raises:
        NoCodeHost: the environment names none, or lacks what is needed to speak to it.
    """
    names: list[str] = []
    for module in pkgutil.iter_modules(__path__):
        kind = getattr(import_module(f"{__name__}.{module.name}"), "HOST", None)
        if kind is not None:
            if environ.get(kind.variable):
                host: CodeHost = kind(environ)
                return host
            names.append(kind.variable)
    raise NoCodeHost(
        "no code host is known here",
        note=f"none of {', '.join(names)} is set, which the pipelines of the hosts set",
        hint="outside of such a pipeline, show the plan: reconciler show FILE --format markdown",
    )
