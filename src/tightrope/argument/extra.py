"""Libraries that only the extra `discover` installs, imported late and kept from disturbing anyone else."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np

EXTRA = "discover"


class MissingExtra(RuntimeError):
    """A command needs a library of an extra that is not installed; the message says how to install it."""

    def __init__(self, library: str, what: str) -> None:
        super().__init__(
            f"{what} needs {library}, which is not installed; it comes with the extra `{EXTRA}`: python -m "
            f"pip install 'tightrope[{EXTRA}]' (in a checkout: python -m pip install -e '.[{EXTRA}]')"
        )


def require(module: str, *, library: str, what: str) -> None:
    """Raise MissingExtra if `module` is not there to be imported.

    library  its name for the installer; what: the work that it does, to open the message with
    """
    if find_spec(module) is None:
        raise MissingExtra(library, what)


@contextmanager
def kept_apart(seed: int) -> Iterator[None]:
    """Run a library that draws from numpy's global state, warns freely and changes how warnings look.

    The global state starts from `seed` and is put back after; so are the filters and form of warnings.
    """
    state, form = np.random.get_state(), warnings.formatwarning  # noqa: NPY002 - not ours to choose
    logger = logging.getLogger("matplotlib.font_manager")  # says that it builds a cache, once a machine
    level = logger.level
    try:
        with warnings.catch_warnings(record=True):  # the library sets filters of its own inside
            logger.setLevel(logging.ERROR)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
        warnings.formatwarning = form
        logger.setLevel(level)
