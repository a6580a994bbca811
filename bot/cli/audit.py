"""paicha audit: proves the history of a data folder, running bot or not, and the files that evidence names.

Exit codes: 0 sound; 1 a mistake of use; 2 something the operator can mend; 3 looked, and found something wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.cli.anchors import REMEDY, NotAnAnchor, anchors_from
from bot.cli.stored import database_in, folder_of
from storage.audit import Report, Wrong, audit, evidence_files, sealed_by
from storage.read_only import look_into

WRONG = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """What an audit of a data folder came to. `files`: how many files of evidence have the content that was sealed."""

    path: Path
    report: Report
    files: int


def run(options: argparse.Namespace) -> int:
    """Look, say what was found, and end with the exit code that means it."""
    folder = folder_of(options)
    try:
        anchors = anchors_from(options.anchor)
    except NotAnAnchor as mistake:
        print(mistake, file=sys.stderr)
        return 1
    path = database_in(folder)
    with look_into(path) as tx:
        report, files = audit(tx, anchors), evidence_files(tx)
    report.first_wrong = report.first_wrong or _swapped(path, files)  # hours of hashing hold up no writer
    print(as_json(report) if options.json else "\n".join(as_lines(Proof(path, report, len(files)))))
    return 0 if report.sound else WRONG


def _swapped(path: Path, files: Mapping[str, int]) -> Wrong | None:
    """The first piece of evidence whose file is gone, or is another than the one that was sealed."""
    for sha256, evidence_id in sorted(files.items(), key=lambda it: it[1]):
        file = path.parent / "media" / sha256[:2] / sha256
        try:
            with file.open("rb") as content:
                found = hashlib.file_digest(content, "sha256").hexdigest()
        except FileNotFoundError:
            field, why = "file", f"{file} is missing"
        else:
            if found == sha256:
                continue
            field, why = "sha256", f"{file} is another file than the one that was sealed"
        with look_into(path) as tx:
            return Wrong(
                sealed_by(tx, "evidence", str(evidence_id)), "evidence", str(evidence_id), field, why
            )
    return None


def as_json(report: Report) -> str:
    """What machines get; these keys stay."""
    told = {
        "sound": report.sound,
        "rows": report.rows,
        "proven_to": report.proven_to,
        "anchors": [asdict(anchor) for anchor in report.anchors],
        "first_wrong": asdict(report.first_wrong) if report.first_wrong else None,
    }
    return json.dumps(told, ensure_ascii=False)


def as_lines(proof: Proof) -> list[str]:
    report, wrong = proof.report, proof.report.first_wrong
    if wrong is not None:
        where = f"action {wrong.seq}" if wrong.seq else "no action in particular"
        what = ", ".join(part for part in (f"{wrong.kind} {wrong.subject}".strip(), wrong.field) if part)
        return [
            f"{proof.path}: WRONG. The first thing that does not fit ({where}): {what}: {wrong.why}.",
            "Keep this file as it is, compare it with your newest backup, and ask who could write to it.",
        ]
    lines = [
        f"{proof.path}: sound. {report.actions:,} actions, {report.rows - report.actions:,} changes: every seal fits,"
        " the tables say what the history says.",
        f"{proof.files:,} files of evidence are the ones that were sealed.",
    ]
    after = report.actions - report.proven_to
    if not report.proven_to:
        lines.append(
            "Nothing is proven: without an anchor from outside this only says that the file fits together."
            f" {REMEDY.replace('Give', 'Give --anchor with')}"
        )
    elif after:
        lines.append(
            f"Proven up to action {report.proven_to:,}, the newest anchor. The {after:,} after it fit together,"
            " but are unproven until an anchor comes that is newer."
        )
    else:
        lines.append(
            f"Proven to the end: action {report.proven_to:,} is the newest anchor and the last action."
        )
    return lines
