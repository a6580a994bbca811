"""Reads back the anchor that a ledger carries: where the history stood when the file was made."""

from __future__ import annotations

import warnings
from pathlib import Path
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

PROPERTY = "paicha-anchor"  # custom document property, "1234:9f3c0a1b2c3d4e5f"


def anchor_of_ledger(path: Path) -> str | None:
    """What the property says; None when the file is a workbook without it. Raises ValueError for anything else."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # about what other programs put into a workbook that went through their hands
        try:
            book = load_workbook(path, read_only=True)
        except (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError) as error:
            raise ValueError("not a workbook, or a damaged one") from error
    try:
        found = [prop.value for prop in book.custom_doc_props.props if prop.name == PROPERTY]  # type: ignore[attr-defined]
    finally:
        book.close()
    return str(found[0]) if found and found[0] else None
