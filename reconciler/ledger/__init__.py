"""The record of what was done. Losing it loses no truth: the live tenant is the state.

But for one record, `owners.jsonl`: whose objects are that cannot say it themselves. Without it they are nobody's.

Layout below the ledger's folder, or its key in an object store: `token.key`, `lock.json`, `audit.jsonl`, `owed.jsonl`,
and `runs/<run>/` with `plan.zip`, `journal.jsonl` and `rejected.jsonl`; `cache/` is no record, and may be deleted.
Every file is readable by its owner alone.
"""
