"""The result document as bytes for machines."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError
from pydantic_core import to_json as written

from plaudit.result import ResultDocument


def to_json(document: ResultDocument) -> bytes:
    """The document as JSON: UTF-8, keys sorted, one space of indent, a newline at the end; the same bytes every time.

    Raises:
        ValueError: a figure is not finite; names where it stands. JSON has no way to write it, and a null in its
            place would be read as "absent".
    """
    return to_bytes(document)


def to_bytes(document: BaseModel) -> bytes:
    """Any part of a result as JSON, in the same manner.

    Raises:
        ValueError: see :func:`to_json`.
    """
    plain = _plain(document.model_dump(mode="python"), "")
    try:
        return written(plain, indent=1) + b"\n"
    except PydanticSerializationError:
        # A lone surrogate (an id from a broken export) has no UTF-8; the escape written instead is exactly JSON's own.
        text = json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode("utf-8", "backslashreplace")


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"The result holds {value} at {where.lstrip('.')}, which JSON cannot write.")
        return value
    if isinstance(value, dict):
        named = {str(key): part for key, part in value.items()}
        return {key: _plain(named[key], f"{where}.{key}") for key in sorted(named)}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(part, f"{where}[{index}]") for index, part in enumerate(value)]
    return value
