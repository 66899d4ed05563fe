"""The token of a start. Apart from the guard, so that it can be said before anything heavy is imported."""

from __future__ import annotations

import secrets


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(32)
