"""Compute who is on which list: relations over files as ibis expressions, never loops over rows.

The only floor that knows ibis. A column is always written `table["column"]`: attribute access is shadowed by methods.
"""

from reconciler.audience.late_ibis import load_when_used

load_when_used()
