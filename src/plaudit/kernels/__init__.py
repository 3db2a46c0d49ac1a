"""Pure functions on arrays, each fast one with a plain reference twin that is its oracle in tests."""
