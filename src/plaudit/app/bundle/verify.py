"""``plaudit verify``: is this bundle what was committed to, and does running it again give the same numbers?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plaudit._version import __version__
from plaudit.app.bundle import archive, content
from plaudit.app.bundle.archive import Archive
from plaudit.app.bundle.make import DOCUMENT
from plaudit.app.bundle.packed import KINDS, unpack
from plaudit.app.bundle.sections import WORDS
from plaudit.app.judge import Audit
from plaudit.errors import InputError
from plaudit.progress import Progress
from plaudit.report import to_json
from plaudit.result import Message
from plaudit.result.bundle import Check, Verification


def verify(path: Path | str, *, commitment: str | None = None, progress: Progress | None = None) -> Verification:
    """Check every member of a bundle against its manifest, run the audit again, and compare every table.

    Args:
        path: the bundle.
        commitment: what was noted when the bundle was made (hexadecimal, a beginning of at least 16 digits will do).
        progress: told the stages.

    Raises:
        InputError: the file is no bundle, or is damaged so that nothing can be said about it.
    """
    held = archive.open_bundle(Path(path))
    if held.manifest["kind"] not in KINDS:
        kind = held.manifest["kind"]
        raise InputError(f"{held.path} holds an audit of kind {kind!r}, which this version cannot run again.")
    checks = [_members(held), _hashes(held)]
    if commitment is not None:
        checks.append(_commitment(held, commitment))
    whole = all(check.passed for check in checks)
    made_with = str(held.manifest["plaudit_version"])
    same_version = made_with == __version__
    checks.append(
        Check(
            name="version",
            passed=same_version,
            message=Message(code="verify_version_same", values={"made": made_with})
            if same_version
            else Message(code="verify_version_other", values={"made": made_with, "here": __version__}),
        )
    )
    if not whole:
        return _answer(held, "changed", checks, None)
    again = _run(held, progress)
    tables, exact = _tables(held, again)
    document = _document(held, again)
    checks += [*tables, document, *_texts(held)]
    if not all(check.passed for check in (*tables, document)):
        return _answer(held, "differs" if same_version else "other_version", checks, again)
    return _answer(held, "confirmed" if exact else "rounding", checks, again)


def _members(held: Archive) -> Check:
    listed = set(held.manifest["members"])
    inputs, tables = KINDS[str(held.manifest["kind"])]
    needed = {*inputs, DOCUMENT, *(f"result/{name}.parquet" for name in tables)}
    added = sorted(set(held.names) - listed)
    missing = sorted((listed | needed) - set(held.names))
    if added:
        message = Message(code="verify_member_added", values={"names": added, "count": len(added)})
    elif missing:
        message = Message(code="verify_member_missing", values={"names": missing, "count": len(missing)})
    else:
        message = Message(code="verify_members", values={"count": len(listed)})
    return Check(name="members", passed=not added and not missing, message=message)


def _hashes(held: Archive) -> Check:
    members = held.manifest["members"]
    changed = [
        name
        for name in held.names
        if name in members and archive.sha256_of(held.read(name)) != str(members[name]["sha256"])
    ]
    if changed:
        message = Message(code="verify_hash_other", values={"names": changed, "count": len(changed)})
    else:
        message = Message(code="verify_hashes", values={"count": len(held.names)})
    return Check(name="hashes", passed=not changed, message=message)


def _commitment(held: Archive, noted: str) -> Check:
    wanted = "".join(noted.split()).lower()
    if len(wanted) < 16 or len(wanted) > 64 or set(wanted) - set("0123456789abcdef"):
        raise InputError(f"--commitment {noted!r} is not one: give the 64 hexadecimal digits that were noted.")
    same = held.commitment.startswith(wanted)
    code = "verify_commitment_same" if same else "verify_commitment_other"
    values = {} if same else {"noted": wanted, "found": held.commitment}
    return Check(name="commitment", passed=same, message=Message(code=code, values=values))


def _run(held: Archive, progress: Progress | None) -> Audit:
    told = held.manifest
    packed = unpack(held)
    try:
        parameters, seed, as_of_ms = dict(told["parameters"]), int(told["seed"]), int(told["as_of_ms"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{held.path} does not say how its audit was run; ask for the file again.") from None
    return packed.run(parameters, seed, as_of_ms, progress)


def _tables(held: Archive, again: Audit) -> tuple[list[Check], bool]:
    """One check per table, and whether all agree to the last digit."""
    checks, exact = [], True
    for name, found in again.tables.items():
        told = held.manifest["results"].get(name, {})
        expected = held.table(f"result/{name}.parquet")
        digests = {str(told.get("content")), content.digest(expected), content.digest(found)}
        values: dict[str, Any] = {"table": f"{name}.parquet", "rows": found.num_rows}
        place = None
        if len(digests) == 1:
            message = Message(code="verify_table_same", values=values)
        elif str(told.get("content")) != content.digest(expected):
            # The table in the bundle is not the one its own manifest speaks of.
            place, message = ("", -1, 0), Message(code="verify_table_own", values=values)
        else:
            exact, place = False, content.difference(expected, found)
            if place is None:
                message = Message(code="verify_table_rounding", values=values)
            else:
                values |= {"column": place[0], "first": place[1], "count": place[2]}
                message = Message(code="verify_table_other", values=values)
        checks.append(Check(name="tables", passed=place is None, message=message))
    return checks, exact


def _document(held: Archive, again: Audit) -> Check:
    fresh = to_json(again.document)
    if fresh == held.read(DOCUMENT):
        return Check(name="document", passed=True, message=Message(code="verify_document_same"))
    expected = _without_version(held.document(DOCUMENT))
    place = content.document_difference(expected, _without_version(json.loads(fresh)))
    if place is None:
        return Check(name="document", passed=True, message=Message(code="verify_document_rounding"))
    return Check(name="document", passed=False, message=Message(code="verify_document_other", values={"place": place}))


def _texts(held: Archive) -> list[Check]:
    """Whether what the words say was read again, or taken from whoever made the bundle."""
    if held.manifest["kind"] == "events":
        return []
    code = "verify_figures" if WORDS in held.names else "verify_texts"
    return [Check(name="texts", passed=True, message=Message(code=code))]


def _without_version(document: Any) -> Any:
    """The document without what names the version of the program: that has a check of its own."""
    if not isinstance(document, Mapping) or not isinstance(document.get("method"), Mapping):
        return document
    named = ("plaudit_version", "audit_id")
    method = {key: value for key, value in document["method"].items() if key not in named}
    return {**{key: value for key, value in document.items() if key != "schema_version"}, "method": method}


def _answer(held: Archive, verdict: str, checks: list[Check], again: Audit | None) -> Verification:
    total = again.document.total if again else None
    return Verification(
        bundle=str(held.path),
        verdict=verdict,
        commitment=held.commitment,
        made_with=str(held.manifest["plaudit_version"]),
        checked_with=__version__,
        shown=total.shown if total else None,
        authentic=total.authentic if total else None,
        authentic_low=total.authentic_low if total else None,
        authentic_high=total.authentic_high if total else None,
        checks=checks,
    )
