"""Keyed pseudonyms that keep the order of what they stand for, and the file that holds the key.

The dense numbers of an audit follow the order of the id strings, and draws follow the dense numbers: a pseudonym that
kept no order would change the last digits of a count. So a pseudonym is a rank, which fixes the order, and a keyed
suffix (HMAC-SHA256, RFC 2104), which only the holder of the key can compute. The rank tells where an id stands in the
alphabet among the others of its log, and nothing else.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from plaudit.errors import InputError

KEY_BYTES = 32
_SUFFIX = 16
_HEADER = "plaudit-bundle-key-1"


def pseudonyms(key: bytes, kind: str, ids: pa.Array) -> pa.Array:
    """One pseudonym per id, ``string[n]``: ``a000017-5f0c…``, ascending as the ids are.

    Args:
        key: 32 bytes.
        kind: word that keeps an actor and a target of one name apart; its first letter begins the pseudonym.
        ids: distinct ids, ascending.
    """
    width = len(str(max(len(ids) - 1, 0)))
    suffixes = (suffix(key, kind, text) for text in ids.to_pylist())
    return pa.array([f"{kind[0]}{rank:0{width}d}-{end}" for rank, end in enumerate(suffixes)], pa.string())


def suffix(key: bytes, kind: str, text: str) -> str:
    """The keyed part of a pseudonym: sixteen hexadecimal digits."""
    message = f"{kind}\0{text}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()[:_SUFFIX]


def numbered(prefix: str, size: int) -> pa.Array:
    """Names that tell nothing but a row, ``string[size]``: ``e00017``. Ascending."""
    width = len(str(max(size - 1, 0)))
    return pa.array([f"{prefix}{row:0{width}d}" for row in range(size)], pa.string())


def new_key() -> bytes:
    """A key nobody has seen. The one thing in Plaudit that is random on purpose: whoever can guess it can undo it."""
    return secrets.token_bytes(KEY_BYTES)


def read_key(path: Path) -> bytes:
    """The key kept in ``path``.

    Raises:
        InputError: no such file, or a file that holds no key.
    """
    try:
        lines = path.read_text("ascii").split()
        key = bytes.fromhex(lines[1]) if lines[:1] == [_HEADER] and len(lines) == 2 else b""
    except FileNotFoundError:
        raise InputError(f"--key {path} does not exist: name the key file of an earlier bundle, or none.") from None
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError(f"--key {path} holds no key of a bundle: name the file that plaudit bundle wrote.")
    return key


def write_key(path: Path, key: bytes) -> None:
    """Keep ``key`` in a new file that only its owner may read.

    Raises:
        InputError: there is such a file already: whose key it holds is not ours to overwrite.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError(
            f"{path} exists already: say --key {path} to use the key in it, or name another place with --key-out."
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{_HEADER}\n{key.hex()}\n")


def distinct(texts: Iterable[str]) -> list[str]:
    """``texts`` without repetitions, in the order of their first appearance."""
    return list(dict.fromkeys(texts))
