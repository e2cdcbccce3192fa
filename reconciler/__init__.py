"""Declarative, reviewable, idempotent configuration for NICE CXone outbound dialling."""

__version__ = "0.1.0"
