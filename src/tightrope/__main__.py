"""The command `tightrope`, and `python -m tightrope`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that the arguments name; without the libraries of the command line, say so."""
    try:
        from tightrope.cli import main as run
    except ImportError as error:
        if (error.name or "").startswith("tightrope"):
            raise
        sys.stderr.write(
            f"tightrope: {error}. The installation is not whole: `make clean setup` in a checkout, "
            "else `python -m pip install --force-reinstall tightrope`.\n"
        )
        raise SystemExit(1) from None
    run()


if __name__ == "__main__":
    main()
