"""Worlds made another way than the simulator's: what was tuned to one generator shows on the next."""
