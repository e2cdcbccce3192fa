"""Tenant: to be written."""

from reconciler.model.kind import Kind

KIND = Kind(name="Tenant", says="")
