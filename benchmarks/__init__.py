"""Measurements of Plaudit: how right on real and simulated logs, how fast. See ``docs/benchmarks.md``.

Run from the checkout: ``python -m benchmarks.real``, ``python -m benchmarks.worlds``, ``python -m benchmarks.speed``.
"""
