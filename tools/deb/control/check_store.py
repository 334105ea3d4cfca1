"""Tries the store's migrations on a copy of it, with the system's Python only: the new release is not unpacked yet.

Ends with 1 and a sentence for the technician when the store is of a newer release, or a migration fails on it.
"""

import json
import sqlite3
import sys
from pathlib import Path

STORE = Path(sys.argv[1])
TRIAL = STORE.with_name(".upgrade-trial.sqlite3")


def main() -> str:
    known = json.loads(Path(__file__).with_name("schema.json").read_text())["migrations"]
    # Without a log beside it nobody has the store open, and reading it then leaves no files behind.
    at_rest = "" if STORE.with_name(STORE.name + "-wal").exists() else "&immutable=1"
    store = sqlite3.connect(f"file:{STORE}?mode=ro{at_rest}", uri=True)
    version = store.execute("PRAGMA user_version").fetchone()[0]
    if version > len(known):
        return f"the store has schema {version}, this package knows up to {len(known)}: install the newer one again"
    if version == len(known):
        return ""
    TRIAL.unlink(missing_ok=True)
    copy = sqlite3.connect(TRIAL)
    try:
        store.backup(copy)
        for statements in known[version:]:
            for statement in statements:
                copy.execute(statement)
        answer = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        return "" if answer == "ok" else f"the store is damaged: {answer}"
    finally:
        copy.close()
        for part in STORE.parent.glob(f"{TRIAL.name}*"):
            part.unlink()


try:
    fault = main()
except (sqlite3.Error, OSError) as e:
    fault = f"the store cannot be brought to this release: {e}"
if fault:
    print(f"doorstep: {fault}. Nothing was changed.", file=sys.stderr)
    sys.exit(1)
