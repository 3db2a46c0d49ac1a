"""The result document as bytes for machines."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json


def to_bytes(document: BaseModel) -> bytes:
    """A result, or any part of one, as :func:`plaudit.report.to_json` writes it.

    Raises:
        ValueError: a figure is not finite; names where it stands.
    """
    plain = _plain(document.model_dump(mode="python"), "")
    try:
        return to_json(plain, indent=1) + b"\n"
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
