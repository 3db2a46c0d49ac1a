"""Pseudonyms of authors: a keyed MAC, so that a published result names nobody and whoever holds the input can check it.

Decision 15 says why the key may come from the input itself.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path

from plaudit.errors import InputError

_LABEL = b"plaudit/authors/1"
_CHUNK = 1 << 20
_BLOCK = 64
DIGITS = 20
"""Hex digits of a pseudonym: 80 bits, no collision to fear at 10^9 authors."""
SHORTEST_KEY = 16
"""Bytes a key must have at least: shorter ones can be tried out."""


def check_key(key: bytes) -> None:
    """Refuse a key that could be guessed."""
    if len(key) < SHORTEST_KEY:
        raise InputError(
            f"the key for pseudonyms has {len(key)} bytes: give at least {SHORTEST_KEY}, such as those of "
            "secrets.token_bytes(32)."
        )


def derived_key(paths: Iterable[Path]) -> bytes:
    """The key that the bytes of these files give, whatever their names and order.

    Each file is digested under a label of its own, so the SHA-256 of a file, which results publish, says nothing about
    the key; only the bytes do.
    """
    digests: list[bytes] = []
    for path in paths:
        mac = hmac.new(_LABEL, digestmod=hashlib.sha256)
        with path.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                mac.update(chunk)
        digests.append(mac.digest())
    return hmac.digest(_LABEL, b"".join(sorted(digests)), "sha256")


def pseudonym(key: bytes, platform: str, id: str, *, is_id: bool) -> str:
    """The pseudonym of one author: HMAC-SHA256 of platform, sort of name and name, cut to :data:`DIGITS`."""
    return hmac.digest(key, _message(platform, id, is_id).encode(), "sha256").hex()[:DIGITS]


def _message(platform: str, id: str, is_id: bool) -> str:
    return f"{platform}\x1f{'id' if is_id else 'name'}\x1f{id}"


def pseudonym_sql(key: bytes, platform: str, id: str, is_id: str) -> str:
    """SQL for :func:`pseudonym` over columns, HMAC (RFC 2104) written out: a million authors take a second."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block).hex() for pad in (0x36, 0x5C))
    message = f"{platform} || chr(31) || CASE WHEN {is_id} THEN 'id' ELSE 'name' END || chr(31) || {id}"
    first = f"unhex(sha256(unhex('{inner}') || encode({message})))"
    return f"substr(sha256(unhex('{outer}') || {first}), 1, {DIGITS})"
