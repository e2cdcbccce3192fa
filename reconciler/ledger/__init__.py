"""What was done? A store of records: losing it loses no truth, because the live tenant is the state.

Layout below the ledger's folder, or its key in an object store: `token.key`, `lock.json`, `audit.jsonl`, `owed.jsonl`,
and `runs/<run>/` with `plan.zip`, `journal.jsonl` and `rejected.jsonl`; `cache/` is no record, and may be deleted.
Every file is readable by its owner alone.
"""
