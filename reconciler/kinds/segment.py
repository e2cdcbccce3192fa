"""Segment: to be written."""

from reconciler.model.kind import Kind

KIND = Kind(name="Segment", says="")
