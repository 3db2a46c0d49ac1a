"""In proportion: from counts to decisions on a ladder, each with its reasons, its expiry and a way to appeal."""

from plaudit.policy.ladder import POLICY_VERSION, decide

__all__ = ["POLICY_VERSION", "decide"]
