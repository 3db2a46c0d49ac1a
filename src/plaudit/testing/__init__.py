"""For users and for us: simulated worlds, scoring, strategies, and the battery every detector passes."""
