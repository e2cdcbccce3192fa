"""How relations are made into SQL."""

class SQL:
    fuse_selects: bool

class Options:
    sql: SQL

options: Options
