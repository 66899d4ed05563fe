"""Compiled programs kept between processes, so that a new one need not trace again what an earlier one did.

JAX's own cache spares a new process the compiler and nothing before it: tracing a period and lowering it
takes longer than most solves. What is kept here is the loaded program itself, under a hash of all that it
follows from: what the function closes over, the shapes that it is given, the package's code, and the versions
and flags of what compiled it. A file that does not read is made anew; where a program cannot be kept it is
compiled as ever. Where the files outgrow `MOST`, those that nobody has used for longest are removed.
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from weakref import WeakSet

import jax
import jax.numpy as jnp
from jax.experimental import serialize_executable

from tightrope.compiled.precision import cache_folder
from tightrope.compiled.said import digest_of, surroundings

WORTH = 0.1
"""Programs that took less time than this to make (s) are not kept."""
MOST = 2**30
"""Bytes that kept programs may take in all: some two hundred of a large game."""
SAFE = re.compile(r"lapack_|__onednn|__eigen|TopK|annotate_device|Sharding|SPMD")
"""What a kept program may call outside itself: what every process has."""
_SIZE = sha256().digest_size
_log = logging.getLogger(__name__)


class Kept:
    """A function of arrays, compiled at its first call for their shapes, or found as another process left it.

    Where it is called while something else is traced it is part of that.
    """

    def __init__(
        self, function: Callable[..., Any], of: Sequence[object] | None, donated: tuple[int, ...]
    ) -> None:
        """Use `kept`, which says what these are."""
        self.plain = jax.jit(function, donate_argnums=donated)
        self.function, self.of, self.donated = function, of, donated
        self.programs: dict[Any, tuple[Callable[..., Any], Any]] = {}
        self.last: tuple[Any, tuple[Any, ...], Callable[..., Any], Any] | None = None
        _all.add(self)

    def __call__(self, *arguments: Any) -> Any:
        """What the function gives for these arrays, or trees of them."""
        if self.of is None:
            return self.plain(*arguments)
        leaves, tree = jax.tree.flatten(arguments)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
            return self.plain(*arguments)
        # A weakly typed number is another program to JAX and the same one here.
        leaves = [leaf if isinstance(leaf, jax.Array) else jnp.asarray(leaf) for leaf in leaves]
        kinds = tuple([(leaf.shape, leaf.dtype) for leaf in leaves])
        last = self.last
        # Comparing a tree with one seen before is quicker than hashing it.
        if last is None or last[1] != kinds or last[0] != tree:
            known = self.programs.get((tree, kinds))
            if known is None:
                return self._first(arguments, leaves, tree, kinds)
            last = self.last = (tree, kinds, *known)
        return jax.tree.unflatten(last[3], last[2](*leaves))

    def _first(self, arguments: Any, leaves: list[Any], tree: Any, kinds: tuple[Any, ...]) -> Any:
        """The first call for trees and arrays like these."""
        signature = (tree, tuple((shape, dtype.str) for shape, dtype in kinds))
        path = self._path(signature)
        if path is None:
            self.of = None
            return self.plain(*arguments)
        sizes = [len(jax.tree.leaves(argument)) for argument in arguments]
        donated = [k for n in self.donated for k in range(sum(sizes[:n]), sum(sizes[: n + 1]))]
        found = _load(path)
        result = None if found is None else _tried(found[0], leaves, donated)
        if found is None or result is None:
            found = self._make(tree, leaves, donated, path)
            result = found[0](*leaves)
        self.programs[tree, kinds] = found
        return jax.tree.unflatten(found[1], result)

    def _path(self, signature: Any) -> Path | None:
        """Where the program for these shapes is kept; None where what it follows from cannot be said."""
        if not jax.config.jax_enable_compilation_cache:  # type: ignore[attr-defined]
            return None
        code, module = self.function.__code__, self.function.__module__
        # Two functions of one place differ in their line.
        name = f"{module}.{self.function.__qualname__}:{code.co_firstlineno}"
        try:
            given = (surroundings(_room(module)), name, self.of, self.donated, str(signature))
            key = digest_of(given)
        except TypeError:
            return None
        return cache_folder() / "programs" / key

    def _make(
        self, tree: Any, leaves: list[Any], donated: list[int], path: Path
    ) -> tuple[Callable[..., Any], Any]:
        outputs: list[Any] = []

        def flat(*leaves: Any) -> list[Any]:
            given, structure = jax.tree.flatten(self.function(*jax.tree.unflatten(tree, leaves)))
            outputs.append(structure)
            return given

        # Its own name, so that JAX's cache has it only from a process that was to keep it here.
        flat.__name__ = f"kept_{path.name[:16]}"
        begun, before = time.perf_counter(), len(_from_cache)
        compiled = jax.jit(flat, donate_argnums=donated).lower(*leaves).compile()
        # What was itself read from a cache lacks parts when it is written again.
        if time.perf_counter() - begun >= WORTH and len(_from_cache) == before:
            _store(path, compiled, outputs[-1])
        return compiled, outputs[-1]


def kept(function: Callable[..., Any], *, of: Sequence[object] | None, donated: tuple[int, ...] = ()) -> Kept:
    """`jax.jit(function)`, the compiled program kept for later processes.

    of       all that the function closes over besides code of this package; where one of them cannot be told
             from its like by what it holds, or None stands here, the program is compiled and not kept
    donated  numbers of arguments whose memory the result may take over

    The function takes arrays, or trees of them, by position. A kept program gives the same bits as the
    process that made it.
    """
    return Kept(function, of, donated)


def _room(module: str) -> str:
    """The package's room that a module is in; nothing for one from elsewhere."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "tightrope" else ""


def forget_programs() -> None:
    """Let go of the programs in this process's memory, as `jax.clear_caches` does of its own."""
    for each in list(_all):
        each.programs.clear()
        each.last = None


_all: WeakSet[Kept] = WeakSet()


def _store(path: Path, compiled: Any, outputs: Any) -> None:
    """Write a program where it is looked for, whole or not at all."""
    try:
        calls = re.findall(r'custom_call_target="([^"]+)"', compiled.as_text())
        if not all(SAFE.match(call) for call in calls):
            return
        program, _, _ = serialize_executable.serialize(compiled)
        shape = jax.tree.unflatten(outputs, range(outputs.num_leaves))
        data = pickle.dumps((program, len(compiled.args_info[0]), shape))
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(sha256(data).digest() + data)
        Path(file.name).replace(path)
        _pruned(path.parent)
    except Exception as error:  # whatever goes wrong here costs time later and nothing else
        _log.debug("%s was not kept: %s", path.name, error)


def _pruned(folder: Path) -> None:
    """Remove the files that were not used for longest until the others have room."""
    files = sorted(
        ((found.stat().st_mtime, found.stat().st_size, found) for found in folder.iterdir()), reverse=True
    )
    room = MOST
    for _, size, path in files:
        room -= size
        if room < 0:
            path.unlink(missing_ok=True)


def _load(path: Path) -> tuple[Callable[..., Any], Any] | None:
    """The program there and the structure of what it gives; None where there is none that reads."""
    try:
        whole = path.read_bytes()
        data = whole[_SIZE:]
        if sha256(data).digest() != whole[:_SIZE]:
            return None
        program, arguments, shape = pickle.loads(data)
        _linear_algebra()
        outputs: Any = jax.tree.structure(shape)
        run = serialize_executable.deserialize_and_load(
            program,
            jax.tree.structure(((0,) * arguments, {})),
            jax.tree.structure([0] * outputs.num_leaves),
            backend="cpu",
        )
        with suppress(OSError):  # a folder that only reads needs no room
            os.utime(path)
    except Exception as error:
        _log.debug("%s does not read: %s", path.name, error)
        return None
    return run, outputs


def _tried(program: Callable[..., Any], leaves: list[Any], donated: list[int]) -> Any | None:
    """What a program that was found gives, from copies of what it may take over; None if it does not run."""
    tried = [jnp.array(leaf, copy=True) if k in donated else leaf for k, leaf in enumerate(leaves)]
    try:
        return jax.block_until_ready(program(*tried))  # type: ignore[no-untyped-call]
    except (jax.errors.JaxRuntimeError, TypeError, ValueError) as error:
        _log.debug("a kept program does not run: %s", error)
        return None


_from_cache: list[str] = []


def _note(event: str, **_: Any) -> None:
    if event.endswith("/compilation_cache/cache_hits"):
        _from_cache.append(event)


jax.monitoring.register_event_listener(_note)
_ready: list[bool] = []


def _linear_algebra() -> None:
    """Make LAPACK known to this process, as lowering anything that calls it does."""
    if not _ready:
        jax.jit(jnp.linalg.solve).lower(jnp.eye(2), jnp.zeros(2))
        _ready.append(True)


__all__ = ["Kept", "forget_programs", "kept"]
