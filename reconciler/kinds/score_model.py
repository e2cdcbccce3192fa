"""ScoreModel: how contacts are scored, and the bands that scores fall in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.model.instants import parse_duration
from reconciler.model.kind import Kind, Reference
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Path, Resource
from reconciler.model.score_model import Band, Combined, Engagement, RecencyFrequency, Score

DEFAULT_THRESHOLD = 75


def make_score(resource: Resource, catalogue: Catalogue, types: tuple[str, ...] = ()) -> Score:
    """The score that a valid manifest declares, for interactions of the types that its source reads.

    Every number left out is the contract's default (section Scores of the API contract).
    """
    name, model = next(iter(resource.spec.items()))
    measure: Engagement | RecencyFrequency | Combined
    if name == "engagement":
        measure = Engagement()
    elif name == "recencyFrequency":
        measure = _make_recency_frequency(model, types)
    else:
        parts = [(catalogue.get("ScoreModel", part["score"]), part.get("weight", 1)) for part in model["of"]]
        measure = Combined(
            model["by"], tuple((make_score(part, catalogue, types), float(weight)) for part, weight in parts)
        )
    return Score(measure, _make_bands(_list_bands(name, model)), _to_hundredths(model.get("hysteresis", 0)))


def _make_recency_frequency(model: Mapping[str, Any], types: tuple[str, ...]) -> RecencyFrequency:
    recency, frequency = model.get("recency", {}), model.get("frequency", {})
    return RecencyFrequency(
        window=parse_duration(model.get("window", "90d")),
        types=types,
        recency_start=float(recency.get("start", 50)),
        recency_per_day=float(recency.get("perDay", 0.5)),
        frequency_each=float(frequency.get("each", 2.5)),
        frequency_cap=int(frequency.get("cap", 20)),
    )


_DEFAULT_BANDS = ({"name": "high", "from": 70}, {"name": "medium", "from": 40}, {"name": "low", "from": 0})


def _list_bands(name: str, model: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    declared: Sequence[Mapping[str, Any]] | None = model.get("bands")
    if declared is not None:
        return declared
    if name == "recencyFrequency":
        return _DEFAULT_BANDS
    default = DEFAULT_THRESHOLD if name == "engagement" else 0
    return [{"name": "engaged" if name == "engagement" else "in", "from": model.get("threshold", default)}]


def _make_bands(declared: Iterable[Mapping[str, Any]]) -> tuple[Band, ...]:
    falling = sorted(declared, key=lambda band: band["from"], reverse=True)
    edges = [None, *(_to_hundredths(band["from"]) for band in falling)]
    return tuple(
        Band(band["name"], _to_hundredths(band["from"]), edges[rank], band.get("priority", rank + 1))
        for rank, band in enumerate(falling)
    )


def _to_hundredths(score: float) -> int:
    return round(score * 100)


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Bands cover every score from the lowest edge up exactly once, and have a name each."""
    model, bands = next(iter(resource.spec.items()))
    declared = bands.get("bands")
    path: Path = ("spec", model, "bands")
    if declared is None:
        return
    if "threshold" in bands:
        yield Problem(
            resource.where("spec", model, "threshold"),
            "threshold-and-bands",
            "`threshold` and `bands` both say which scores are in",
            hint="leave `threshold` out: the lowest band's `from` is the threshold",
        )
    names = [band["name"] for band in declared]
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"two bands are called {name!r}"
            yield Problem(resource.where(*path, index, "name"), "duplicate-band", message)
    order = sorted(range(len(declared)), key=lambda index: declared[index]["from"])
    yield from _check_edges(resource, path, declared, order)
    yield from _find_unreachable(resource, path, model, declared)
    if model == "recencyFrequency" and declared[order[0]]["from"] > 0:
        lowest = declared[order[0]]
        yield Problem(
            resource.where(*path, order[0], "from"),
            "band-gap",
            f"scores from 0 to {lowest['from']} are in no band",
            hint=f"let the lowest band, {lowest['name']!r}, start at 0",
        )


def _find_unreachable(
    resource: Resource, path: Path, model: str, declared: Sequence[Mapping[str, Any]]
) -> Iterable[Problem]:
    """Bands that start above the highest score there can be."""
    if model == "combine":
        return
    highest = 100.0
    if model == "recencyFrequency":
        measure = _make_recency_frequency(resource.spec[model], ())
        highest = measure.recency_start + measure.frequency_each * measure.frequency_cap
    for index, band in enumerate(declared):
        if band["from"] > highest:
            message = f"no contact can score {band['from']:g}, where band {band['name']!r} starts"
            hint = f"the highest score there can be is {highest:g}"
            yield Problem(resource.where(*path, index, "from"), "band-unreachable", message, hint=hint)


def _check_edges(
    resource: Resource, path: Path, declared: Sequence[Mapping[str, Any]], order: Sequence[int]
) -> Iterable[Problem]:
    for index, above in zip(order, [*order[1:], None], strict=True):
        band = declared[index]
        top = band.get("to")
        place = resource.where(*path, index, "to" if "to" in band else "from")
        if top is not None and top <= band["from"]:
            message = f"band {band['name']!r} ends at {top}, not above its start at {band['from']}"
            yield Problem(place, "band-empty", message)
        elif above is None:
            continue
        elif band["from"] == declared[above]["from"] or (top is not None and top > declared[above]["from"]):
            message = f"bands {band['name']!r} and {declared[above]['name']!r} overlap at {declared[above]['from']}"
            yield Problem(place, "band-overlap", message, hint="a band ends where the next one starts")
        elif top is not None and top < declared[above]["from"]:
            message = f"scores from {top} to {declared[above]['from']} are in no band"
            yield Problem(place, "band-gap", message, hint="a band ends where the next one starts")


def list_band_names(resource: Resource) -> tuple[str, ...]:
    """The names of a model's bands, the highest first."""
    name, model = next(iter(resource.spec.items()))
    return tuple(band.name for band in _make_bands(_list_bands(name, model)))


def reads_interactions(resource: Resource, catalogue: Catalogue) -> bool:
    """Whether a model, or a part of it, is made of interactions."""
    combined = resource.spec.get("combine")
    if combined is None:
        return "recencyFrequency" in resource.spec
    parts = (catalogue.get("ScoreModel", part["score"]) for part in combined["of"])
    return any(reads_interactions(part, catalogue) for part in parts)


KIND = Kind(
    name="ScoreModel",
    summary="how contacts are scored, and which bands the scores fall in",
    references=(Reference(("combine", "of", "*", "score"), "ScoreModel"),),
    check=check,
)
