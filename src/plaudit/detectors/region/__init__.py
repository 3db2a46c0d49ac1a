"""Commenters' regions, against the account's own base."""

from plaudit.detectors.region.detector import DETECTOR

__all__ = ["DETECTOR"]
