"""ScoreModel: to be written."""

from reconciler.model.kind import Kind

KIND = Kind(name="ScoreModel", says="")
