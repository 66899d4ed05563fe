"""Files that survive a kill: written whole, checked when read, moved aside rather than deleted."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FORMAT = 1
ASIDE = "set-aside"
Notice = Callable[[str], None]


class Damaged(RuntimeError):
    """A file of a run that cannot be trusted; the message says why."""


def to_stderr(text: str) -> None:
    """The default notice: one line on stderr."""
    sys.stderr.write(f"tightrope: {text}\n")
    sys.stderr.flush()


def canonical(value: Any) -> str:
    """`value` as JSON text that is the same for equal values. NumPy numbers and arrays become lists.

    Raises TypeError for what JSON cannot hold (naming its type).
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path) or hasattr(value, "isoformat"):
        return str(value)
    raise TypeError(
        f"a chunk holds plain data or an xarray Dataset, not {type(value).__module__}.{type(value).__name__}"
    )


def slug(text: str) -> str:
    """`text` as part of a file name: letters, digits, dot, underscore and hyphen, 80 at most."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:80] or "unnamed"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees either the old one or the new one, whole."""
    write_through(path, lambda temporary: temporary.write_bytes(data))


def write_through(path: Path, write: Callable[[Path], Any]) -> str:
    """Let `write(temporary)` make a file beside `path`, put it in place whole, and return its SHA-256."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        checksum = file_digest(temporary)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        _publish(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return checksum


def _publish(temporary: Path, path: Path) -> None:
    temporary.chmod(0o666 & ~_umask())  # mkstemp's own mode would hide the file from everyone else
    temporary.replace(path)
    if os.name == "posix":  # the rename itself must reach the disk too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def set_aside(path: Path, *, folder: Path, reason: str, notice: Notice) -> Path:
    """Move a file that cannot be trusted to `folder/set-aside/`, under a free name, and say so."""
    aside = folder / ASIDE
    aside.mkdir(exist_ok=True)
    target, copy = aside / path.name, 1
    while target.exists():
        copy += 1
        target = aside / f"{path.name}.{copy}"
    path.replace(target)
    notice(f"{path} is not trusted ({reason}); moved to {target}")
    return target


def seal(content: Mapping[str, Any]) -> bytes:
    """A JSON object with a checksum over the rest of it, as bytes."""
    body = json.loads(canonical(content))
    return (json.dumps({**body, "checksum": digest(body)}, indent=1, ensure_ascii=False) + "\n").encode()


def unseal(path: Path) -> dict[str, Any]:
    """Read what `seal` wrote. Raises Damaged if it is cut short, changed or not ours."""
    if path.is_dir():
        raise Damaged("a folder stands in its place")
    try:
        content = json.loads(path.read_bytes().decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Damaged(f"not whole JSON: {error}") from None
    if not isinstance(content, dict) or "checksum" not in content:
        raise Damaged("no checksum in it")
    if content.pop("checksum") != digest(content):
        raise Damaged("its checksum does not match")
    if content.get("format") != FORMAT:
        raise Damaged(f"its format is {content.get('format')!r}, this version reads {FORMAT}")
    return content
