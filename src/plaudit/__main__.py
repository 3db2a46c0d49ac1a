"""``python -m plaudit`` is the command ``plaudit``."""

from plaudit.app.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
