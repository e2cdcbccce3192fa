"""Render templates that others wrote, safely."""
