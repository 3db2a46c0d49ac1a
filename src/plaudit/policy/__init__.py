"""In proportion: from counts to decisions on a ladder, each with its reasons, its expiry and a way to appeal."""

from plaudit.policy.ladder import POLICY_VERSION, Counts, decide
from plaudit.policy.rating import rate

__all__ = ["POLICY_VERSION", "Counts", "decide", "rate"]
