"""The nouns of Plaudit and their Arrow schemas. This package imports nothing of ours.

Words mean one thing everywhere (see ``docs/concepts.md``): an *actor* does a *kind* of thing to a *target* at
``at_ms`` (UTC milliseconds). Inside the flow, actors, targets, devices and addresses are dense integers; outside
(files, command line, report) they are the strings the user gave. ``log`` holds event logs (T2), ``section`` what owners
hold when likes have no names (T0, T1), ``answers`` findings and verdicts, ``tables`` the files an audit writes.
"""

from plaudit.model.answers import STATUSES, Exhibits, Findings, Groups, Verdicts
from plaudit.model.log import EventLog, offsets_of, ranges
from plaudit.model.section import (
    UNBOUNDED,
    UNKNOWN,
    Comments,
    Counter,
    Flags,
    Outcomes,
    Posts,
    Section,
    Snapshots,
)
from plaudit.model.tables import LOG_TABLES, SCHEMA_VERSION, SCHEMAS, SECTION_TABLES, without_content
from plaudit.model.words import (
    DAY_MS,
    HOUR_MS,
    LOG_FAMILIES,
    MINUTE_MS,
    Bools,
    Family,
    Floats,
    Ints,
    Ints32,
    Outcome,
    Status,
    SubjectKind,
    Tier,
)

__all__ = [
    "DAY_MS",
    "HOUR_MS",
    "LOG_FAMILIES",
    "LOG_TABLES",
    "MINUTE_MS",
    "SCHEMAS",
    "SCHEMA_VERSION",
    "SECTION_TABLES",
    "STATUSES",
    "UNBOUNDED",
    "UNKNOWN",
    "Bools",
    "Comments",
    "Counter",
    "EventLog",
    "Exhibits",
    "Family",
    "Findings",
    "Flags",
    "Floats",
    "Groups",
    "Ints",
    "Ints32",
    "Outcome",
    "Outcomes",
    "Posts",
    "Section",
    "Snapshots",
    "Status",
    "SubjectKind",
    "Tier",
    "Verdicts",
    "offsets_of",
    "ranges",
    "without_content",
]
