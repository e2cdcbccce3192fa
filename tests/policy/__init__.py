"""Plans held to policies by tools of others."""
