"""Who is in? Contacts, interactions and memberships as relations: ibis expressions over files, never loops over rows.

The only floor that knows ibis. A column is always written `table["column"]`: attribute access is shadowed by methods.
"""
