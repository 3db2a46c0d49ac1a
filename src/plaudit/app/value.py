"""The value audit of an event log: outcomes meet likes with verdicts, and what the applause cost meets its count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import InputError
from plaudit.ingest import Ingested
from plaudit.ingest.exports import Kind, read_exports
from plaudit.model import Outcomes, Verdicts
from plaudit.result import InputFile, ValuePart
from plaudit.tally import Tally
from plaudit.tally.described import Engagement
from plaudit.tally.value import Spent, cost_alone, value_audit

_CURRENCY = r"[^\d\s.,+\-\u2212]{0,4}"
# A comma parts thousands or it is a decimal comma: what "3.000,50" and "12,50" mean is not guessed.
_NUMBER = r"(\d+|\d{1,3}(,\d{3})+)(\.\d+)?"
_MONEY = re.compile(rf"(?P<before>{_CURRENCY})\s*(?P<number>{_NUMBER})\s*(?P<after>{_CURRENCY})")


@dataclass(frozen=True)
class Question:
    """What is asked about value: outcomes as read, what was spent, and which targets are in focus.

    Attributes:
        file: where outcomes were read from; None where nobody gave any.
        outcomes: what actors did; None where nobody gave any.
        money: what the campaign cost; None where nobody says.
        currency: as written.
        focus: ids of the targets asked about; empty for all.
        incentive: whether likes were rewarded.
    """

    file: InputFile | None = None
    outcomes: Outcomes | None = None
    money: float | None = None
    currency: str = ""
    focus: Sequence[str] = field(default_factory=tuple)
    incentive: bool = False

    def parameters(self) -> Mapping[str, Any]:
        """What decides the part, for the document."""
        return {
            "outcomes": None if self.file is None else self.file.sha256,
            "cost": self.money,
            "currency": self.currency,
            "focus": list(self.focus),
            "incentive": self.incentive,
        }


def question(
    outcomes: Path | str | None, cost: str | None = None, focus: Sequence[str] = (), incentive: bool = False
) -> Question:
    """Read what is asked.

    Args:
        outcomes: a file of outcomes (``actor, at, kind, value``); None leaves them to be found, or to be done without.
        cost: an amount, with or without its currency: ``3000``, ``3000 CNY``, ``¥3000``.
        focus: ids of targets; ``@FILE`` stands for the ids in a file, one per line.
        incentive: whether likes were rewarded.

    Raises:
        InputError: the file holds no outcomes, the cost is no amount, or a file of ids cannot be read.
    """
    money, currency = _money(cost)
    if outcomes is None:
        return Question(None, None, money, currency, tuple(_ids(focus)), incentive)
    read = read_exports(str(outcomes))
    if read.outcomes is None:
        kinds = ", ".join(sorted({str(file.kind.value) for file in read.summary.files})) or "nothing"
        raise InputError(f"{outcomes} was read as {kinds}, not as outcomes: it needs columns actor, at and kind.")
    others = [file.name for file in read.summary.files if file.kind is not Kind.OUTCOMES]
    if others or len(read.summary.files) != 1:
        raise InputError(f"{outcomes} is more than one file of outcomes: name one file.")
    file = read.summary.files[0]
    source = InputFile(name=str(outcomes), sha256=file.sha256, bytes=file.bytes, rows=file.rows, rejected=file.rejected)
    return Question(source, read.outcomes, money, currency, tuple(_ids(focus)), incentive)


def value_of_log(read: Ingested, verdicts: Verdicts, tally: Tally, asked: Question, seed: int) -> ValuePart:
    """What likers of a log went on to do; without outcomes only what their likes cost.

    Raises:
        InputError: a target in focus is not in the log.
    """
    focal = np.ones(read.log.n_targets, bool)
    if asked.focus:
        place = pc.index_in(pa.array(list(asked.focus), pa.string()), value_set=read.target_ids.cast(pa.string()))
        missing = [text for text, row in zip(asked.focus, place.to_pylist(), strict=True) if row is None]
        if missing:
            raise InputError(f"--focus {missing[0]} is no target of this log: ids are in targets.parquet (target_id).")
        focal[:] = False
        focal[np.asarray(place)] = True
    if asked.outcomes is None:
        return cost_alone(_spent(tally, focal, asked))
    engagement = Engagement(
        person=read.log.actor.astype(np.int64),
        at_ms=read.log.at_ms,
        status=verdicts.status,
        focal=focal[read.log.target],
        ids=read.actor_ids,
    )
    return value_audit(
        engagement,
        asked.outcomes,
        spent=_spent(tally, focal, asked),
        incentive=asked.incentive,
        seed=seed,
    )


def _spent(tally: Tally, focal: np.ndarray, asked: Question) -> Spent | None:
    if asked.money is None:
        return None
    if focal.all():
        counted = (float(tally.shown.sum()), tally.total, tally.total_low, tally.total_high)
    else:
        # Targets of one order stand or fall together: the ends of their intervals are added, not their variances.
        parts = (tally.shown, tally.authentic, tally.low, tally.high)
        counted = tuple(float(part[focal].sum()) for part in parts)  # type: ignore[assignment]
    return Spent(asked.money, asked.currency, *counted)


def _money(text: str | None) -> tuple[float | None, str]:
    if text is None:
        return None, ""
    found = _MONEY.fullmatch(text.strip())
    number = 0.0 if found is None else float(found["number"].replace(",", ""))
    if found is None or number <= 0:
        raise InputError(f"--cost {text!r} is not an amount such as 3000, '3000 CNY' or ¥3,000.50.")
    return number, found["before"] or found["after"]


def _ids(focus: Sequence[str]) -> list[str]:
    out: list[str] = []
    for text in focus:
        if not text.startswith("@"):
            out.append(text)
            continue
        try:
            lines = Path(text[1:]).read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"--focus {text}: the file cannot be read ({error}); give ids one per line.") from None
        out += [line.strip() for line in lines if line.strip()]
    return list(dict.fromkeys(out))
