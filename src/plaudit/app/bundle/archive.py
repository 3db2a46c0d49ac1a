"""One file that is the same bytes whenever it is made, and that can be opened without trusting whoever made it.

A ZIP archive of stored members, sorted by name, all dated the first day a ZIP can name. Nothing in it is compressed by
ZIP (Parquet compresses itself), so no member can unfold into more than it weighs, and no compression library's version
shows in the bytes. Nothing is ever extracted to disk.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from plaudit.errors import InputError

MANIFEST = "MANIFEST.json"
FORMAT = "plaudit-bundle"
FORMAT_VERSION = 1
MOST_BYTES = 8 << 30
"""What a bundle, or one table unfolded from it, may hold: some hundred million likes."""
_MOST_MANIFEST = 16 << 20
_MOST_MEMBERS = 64
_DATE = (1980, 1, 1, 0, 0, 0)
_LOCAL = struct.Struct("<4s22xI")
"""A member's own header: its signature and, last, the lengths of name and extra field."""


@dataclass(frozen=True)
class Archive:
    """A bundle as opened: nothing in it is believed yet.

    Attributes:
        path: where it lies.
        manifest: ``MANIFEST.json`` as read.
        commitment: SHA-256 of the bytes of ``MANIFEST.json``, which name the SHA-256 of every other member.
        names: every member but the manifest, ascending.
        places: offset of the local header and size of each member.
    """

    path: Path
    manifest: Mapping[str, Any]
    commitment: str
    names: tuple[str, ...]
    places: Mapping[str, tuple[int, int]]

    def read(self, name: str) -> bytes:
        """Bytes of a member.

        Raises:
            InputError: the archive breaks off inside it.
        """
        # Read without ZIP's own checksum: a changed byte is for the digests to tell, and they tell more.
        offset, size = self.places[name]
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                header = file.read(_LOCAL.size)
                signature, lengths = _LOCAL.unpack(header)
                file.seek(sum(divmod(lengths, 1 << 16)), 1)
                content = file.read(size)
        except (OSError, struct.error) as broken:
            raise InputError(_unusable(self.path, f"{name} cannot be read ({_first(broken)})")) from None
        if signature != b"PK\x03\x04" or len(content) != size:
            raise InputError(_unusable(self.path, f"it is damaged or cut off ({name} is not where it should be)"))
        return content

    def table(self, name: str) -> pa.Table:
        """A member as a table.

        Raises:
            InputError: it is no Parquet file, or one that unfolds into more than a bundle may hold.
        """
        try:
            file = pq.ParquetFile(io.BytesIO(self.read(name)))
            groups = (file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
            if sum(groups) > MOST_BYTES or file.metadata.num_rows > 1 << 31:
                raise InputError(_unusable(self.path, f"{name} is larger than a bundle may be"))
            return file.read()
        except (pa.ArrowException, OSError, ValueError) as broken:
            raise InputError(_unusable(self.path, f"{name} is no table ({_first(broken)})")) from None

    def document(self, name: str) -> Any:
        """A member as JSON.

        Raises:
            InputError: it is not.
        """
        try:
            return json.loads(self.read(name))
        except (ValueError, RecursionError):
            raise InputError(_unusable(self.path, f"{name} is no JSON")) from None


def write(path: Path, members: Mapping[str, bytes], about: Mapping[str, Any]) -> str:
    """Write a bundle and return its commitment; the same members and words give the same bytes.

    Args:
        path: where to; replaced if it exists.
        members: name to bytes.
        about: what else the manifest says.
    """
    listed = {name: {"sha256": _sha256(content), "bytes": len(content)} for name, content in members.items()}
    manifest = to_bytes({**about, "format": FORMAT, "format_version": FORMAT_VERSION, "members": listed})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted({**members, MANIFEST: manifest}.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # the same on every system
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return _sha256(manifest)


def open_bundle(path: Path) -> Archive:
    """Open a bundle that anybody may have made.

    Raises:
        InputError: the file is missing, no bundle, cut off, of a later format, or holds a member that is compressed,
            encrypted, too large, named twice, or named like a place outside.
    """
    if not path.is_file():
        raise InputError(f"{path} {'is a folder' if path.is_dir() else 'does not exist'}: name a bundle file.")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _refuse(path, entries)
            if MANIFEST not in {entry.filename for entry in entries}:
                raise InputError(_unusable(path, f"it holds no {MANIFEST}"))
            if archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
                raise InputError(_unusable(path, f"its {MANIFEST} is larger than a bundle's may be"))
            content = archive.read(MANIFEST)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError) as broken:
        raise InputError(_unusable(path, f"it is damaged or cut off ({_first(broken)})")) from None
    manifest = _manifest(path, content)
    names = tuple(sorted(entry.filename for entry in entries if entry.filename != MANIFEST))
    places = {entry.filename: (entry.header_offset, entry.file_size) for entry in entries}
    return Archive(path, manifest, _sha256(content), names, places)


def to_bytes(value: Any) -> bytes:
    """``value`` as JSON: keys sorted, one space of indent, a newline at the end."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sha256_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return _sha256(content)


def _manifest(path: Path, content: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(content)
        if told["format"] != FORMAT:
            raise ValueError
        version = int(told["format_version"])
        listed = {str(name): (str(one["sha256"]), int(one["bytes"])) for name, one in told["members"].items()}
        results = {str(name): (str(one["content"]), int(one["rows"])) for name, one in told["results"].items()}
        sound = (
            bool(listed) and bool(results) and all(isinstance(told[key], str) for key in ("kind", "plaudit_version"))
        )
        # Verdicts about the original are read out to the user: they must have the shape they claim.
        sound = sound and isinstance(told["original"], dict)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(_unusable(path, f"its {MANIFEST} is not one of a bundle")) from None
    if version > FORMAT_VERSION:
        raise InputError(f"{path} is a bundle of a later format ({version}): verify it with the Plaudit that made it.")
    if not sound:
        raise InputError(_unusable(path, f"its {MANIFEST} is not one of a bundle"))
    return dict(told)


def _refuse(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(entries) > _MOST_MEMBERS:
        raise InputError(_unusable(path, f"it holds {len(entries)} members, more than any bundle"))
    for entry in entries:
        name = entry.filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or "" in parts or ":" in name or "\0" in name:
            raise InputError(_unusable(path, f"a member is named like a place outside it ({name[:80]!r})"))
        if (entry.external_attr >> 28) == 0o12:
            raise InputError(_unusable(path, f"{name} is a link"))
        if entry.flag_bits & 1:
            raise InputError(_unusable(path, f"{name} is encrypted"))
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise InputError(_unusable(path, f"{name} is compressed, which no member of a bundle is"))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(_unusable(path, f"{twice[0]} is in it twice"))
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise InputError(_unusable(path, "it is larger than a bundle may be"))


def _unusable(path: Path, why: str) -> str:
    return f"{path} is no bundle that can be verified: {why}; ask for the file again."


def _first(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
