"""An audit as one file the other side can run again: made here, checked there, to the same numbers."""

from plaudit.app.bundle.make import Bundled, bundle
from plaudit.app.bundle.verify import verify

__all__ = ["Bundled", "bundle", "verify"]
