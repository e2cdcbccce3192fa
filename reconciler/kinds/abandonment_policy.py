"""AbandonmentPolicy: the threshold of each band."""

from __future__ import annotations

from reconciler.model.kind import Kind

KIND = Kind(name="AbandonmentPolicy", says="threshold per band, in percent of calls")
