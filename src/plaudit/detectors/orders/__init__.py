"""Crowd-sourced orders: do the same actors gather again and again, at moments their habits do not explain?"""

from plaudit.detectors.orders.detector import DETECTOR

__all__ = ["DETECTOR"]
