"""The files that imports leave behind: the lists of faulty rows quote what was in them."""

import os
from pathlib import Path

from crm_api.privacy.words import Words


def clean(folder: Path, words: Words) -> int:
    """Clean every list of row errors in the folder; returns how many files were written anew."""
    if not words or not folder.is_dir():
        return 0
    return sum(_clean(path, words) for path in sorted(folder.glob("*-errors.csv")))


def _clean(path: Path, words: Words) -> bool:
    beside, changed = path.with_suffix(".cleaning"), False
    with (
        path.open(encoding="utf-8", newline="") as source,
        beside.open("w", encoding="utf-8", newline="") as target,
    ):
        for line in source:
            kept = words.cleaned(line)
            changed |= kept is not line
            target.write(kept)
    if changed:
        os.replace(beside, path)
    else:
        beside.unlink()
    return changed
