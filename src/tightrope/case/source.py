"""Read a case file as text with marks: plain dicts, lists and strings, and where each stands."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tightrope.case.bundled import case_hint
from tightrope.case.errors import CaseError, Problem
from tightrope.case.marks import Source
from tightrope.case.yaml_tree import Reader

MAX_BYTES = 2_000_000

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def read_source(path: Path) -> Source:
    """Read a case file. Raises CaseError (one problem) where it is not plain, small, single-document YAML."""
    name = str(path)
    try:
        with path.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CaseError([Problem(name, 0, 0, "", "there is no such file", case_hint(path))]) from None
    except OSError as error:
        raise CaseError([Problem(name, 0, 0, "", f"cannot be read: {error.strerror}")]) from None
    return source_from_bytes(raw, path=name)


def source_from_bytes(raw: bytes, *, path: str = "case.yaml") -> Source:
    """The same from bytes in memory; `path` is what problems print."""
    if len(raw) > MAX_BYTES:
        raise CaseError([Problem(path, 0, 0, "", f"the file is larger than {MAX_BYTES:,} bytes")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise CaseError([Problem(path, line, column, "", "the file is not UTF-8 text")]) from None
    lines = tuple(_LINE_END.split(text))
    try:
        return Reader(path, lines).read(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        message = str(error.problem or error.context or "this is not YAML")
        source = lines[line - 1] if 0 < line <= len(lines) else ""
        raise CaseError([Problem(path, line, column, "", f"not YAML: {message}", "", source)]) from None
    except YAMLError as error:
        first = str(error).splitlines()[0] if str(error) else "this is not YAML"
        raise CaseError([Problem(path, 0, 0, "", f"not YAML: {first}")]) from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, CaseError):
            raise
        # Escapes such as "\Uffffffff" make the scanner fail with a plain ValueError.
        raise CaseError([Problem(path, 0, 0, "", f"not YAML: {error}")]) from None
