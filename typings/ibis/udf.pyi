"""Functions that an engine has of its own."""

from collections.abc import Callable

from ibis.expr.types import Column

class scalar:  # noqa: N801 # ibis' own name
    @staticmethod
    def builtin(
        fn: Callable[..., object], *, name: str | None = None, signature: tuple[tuple[str, ...], str] | None = None
    ) -> Callable[..., Column]: ...
