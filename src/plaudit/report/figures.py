"""How single figures are written: counts, shares, chances, times, and ids that may be hostile. No language."""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime, timedelta

_EPOCH = datetime(1970, 1, 1)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def count(value: float) -> str:
    """A whole number with thousands separated, rounded half to even: ``12,345``."""
    if not math.isfinite(value):
        return DASH
    return f"{round(value):,}".replace("-", _MINUS)


def decimal(value: float) -> str:
    """A figure with as many decimals as it deserves: ``0.03``, ``4.2``, ``1,204``."""
    if not math.isfinite(value):
        return DASH
    size = abs(value)
    if value == round(value) or size >= 100:
        return count(value)
    if size < 0.001:
        return power(value)
    digits = 1 if size >= 1 else 2 if size >= 0.095 else 3
    return f"{value:.{digits}f}".replace("-", _MINUS)


def signed(value: float) -> str:
    """A weight in nats with its sign: ``+3.2``."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:+.1f}"
    return "0.0" if text in ("-0.0", "+0.0") else text.replace("-", _MINUS)


def power(value: float) -> str:
    """A tiny figure as a power of ten: ``3×10⁻⁹``."""
    if value == 0 or not math.isfinite(value):
        return count(value)
    exponent = math.floor(math.log10(abs(value)))
    lead = round(abs(value) / 10.0**exponent) if exponent > -300 else 1
    if lead == 10:
        lead, exponent = 1, exponent + 1
    sign = _MINUS if value < 0 else ""
    tail = f"10{str(exponent).translate(_SUPERSCRIPT)}"
    return sign + (tail if lead == 1 else f"{lead}×{tail}")


def chance(value: float) -> str:
    """A p- or q-value. Zero only means "smaller than a float can hold", and is written so."""
    if not math.isfinite(value):
        return DASH
    if value < 1e-300:
        return "< 10⁻³⁰⁰"
    return f"{value:.2f}" if value >= 0.095 else f"{value:.3f}" if value >= 0.001 else power(value)


def percent(share: float, join: str = " ") -> str:
    """A share as percent. A share short of one is never written as 100, nor one above nothing as 0."""
    if not math.isfinite(share):
        return DASH
    number = 100.0 * share
    if 99.9 < number < 100:
        return f"> 99.9{join}%"
    if 0 < number < 0.1:
        return f"< 0.1{join}%"
    text = (f"{number:.0f}" if 10 <= number <= 90 else f"{number:.1f}").removesuffix(".0")
    return f"{text}{join}%"


def size(number: int) -> str:
    """A file size in binary units: ``1.4 MiB``."""
    value = float(number)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def clock(at_ms: float, offset_minutes: int, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """A UTC millisecond as wall time ``offset_minutes`` east of UTC; a dash where no calendar reaches."""
    try:
        return (_EPOCH + timedelta(milliseconds=at_ms, minutes=offset_minutes)).strftime(pattern)
    except (OverflowError, ValueError):
        return DASH


def zone_name(offset_minutes: int) -> str:
    """``UTC``, ``UTC+8`` or ``UTC+5:30``."""
    if offset_minutes == 0:
        return "UTC"
    hours, minutes = divmod(abs(offset_minutes), 60)
    sign = "+" if offset_minutes > 0 else _MINUS
    return f"UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "")


def visible(text: str) -> str:
    """An id as it can be shown safely: control, format (bidi) and surrogate characters are spelt out in hexadecimal."""
    return "".join(
        f"\\u{ord(letter):04x}" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter
        for letter in text
    )


def cells(text: str) -> int:
    """Width of ``text`` in terminal cells or half-em units: East Asian wide letters take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def short(text: str, width: int = 28) -> str:
    """An id made safe and at most ``width`` cells wide; the middle goes, as ids differ at their ends."""
    # Ids can be megabytes; what cannot be shown anyway need not be examined.
    text = visible(text if len(text) <= 4 * width else text[: 2 * width] + text[-2 * width :])
    if cells(text) <= width:
        return text
    head, tail = text, ""
    half = width // 2
    while cells(head) > half:
        head = head[:-1]
    rest = width - 1 - cells(head)
    for letter in reversed(text):
        if cells(letter + tail) > rest:
            break
        tail = letter + tail
    return f"{head}…{tail}"
