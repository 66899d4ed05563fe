"""Hooks of mkdocs.yml: README as the first page, files from outside docs/, and equations without a script."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
FENCED = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
EQUATION = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
FORMULA = re.compile(r"(?<![\w$\\])\$(?=\S)([^$\n]+?)(?<=\S)\$(?![\w$])")
OTHER_ROOTS = ("README.md", "CHANGELOG.md", "benchmarks/RESULTS.md", "benchmarks/RESULTS-fit.md")


def on_files(files: Files, *, config: Any) -> Files:
    """Put README, and every file of the repository that a page links to, beside the pages of docs/."""
    beside = set(OTHER_ROOTS)
    for path in [ROOT / "README.md", *Path(config.docs_dir).rglob("*.md")]:
        for _, target, _ in LINK.findall(path.read_text(encoding="utf-8")):
            place = _place(path, target)
            if place and not place.startswith("docs/"):
                beside.add(place)
    for place in sorted(beside):
        uri = "index.md" if place == "README.md" else place
        files.append(File.generated(config, uri, content=(ROOT / place).read_bytes()))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    """Links as they are in the site, and equations as MathML."""
    uri = page.file.src_uri
    source = ROOT / ("README.md" if uri == "index.md" else uri)
    if not source.exists():
        source = ROOT / "docs" / uri

    def moved(match: re.Match[str]) -> str:
        place = _place(source, match[2])
        if not place:
            return match[0]
        site = "index.md" if place == "README.md" else place.removeprefix("docs/")
        return match[1] + posixpath.relpath(site, posixpath.dirname(uri)) + match[3]

    return _outside_code(markdown, lambda text: _mathematics(_indented(LINK.sub(moved, text))))


def _place(page: Path, target: str) -> str:
    """A linked file by its path from the repository's root; empty if it is no file there."""
    path = (page.parent / target).resolve()
    return path.relative_to(ROOT).as_posix() if path.is_file() and path.is_relative_to(ROOT) else ""


def _outside_code(text: str, change: Any) -> str:
    """Change everything but blocks and spans of code."""
    kept: list[str] = []

    def put_by(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\x02{len(kept) - 1}\x03"

    for pattern in (FENCED, CODE):
        text = pattern.sub(put_by, text)
    text = change(text)
    while "\x02" in text:
        text = re.sub(r"\x02(\d+)\x03", lambda m: kept[int(m[1])], text)
    return text


def _indented(text: str) -> str:
    """What goes on in an item of a list stands four columns in, or the list would end there."""
    return re.sub(r"^ {2,3}(?=\S)", "    ", text, flags=re.MULTILINE)


def _mathematics(text: str) -> str:
    text = EQUATION.sub(lambda m: convert(" ".join(m[1].split()), display="block"), text)
    return FORMULA.sub(lambda m: convert(m[1]), text)
