"""docs/api.md from the public names of the package: what each takes, and the first words of what it says."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from typing import Any

import tightrope

HEAD = """# Public names

What `import tightrope` offers, room by room in the order in which data flows. Made from the code by
`make pages`; a test holds this page to it. Names are fetched from their rooms on first use, so that importing
the package costs nothing. Everything else in the package may change without notice.
[architecture.md](architecture.md) says what each room is for, and the
[notebook](notebooks/russia-belarus.ipynb) uses these names on the case of Russia and Belarus.
"""


def api_page() -> str:
    """The page as text."""
    parts = [HEAD]
    room = ""
    for place, names in tightrope._ROOMS.items():
        module = importlib.import_module(place)
        heading = place.split(".")[1]
        if heading != room:
            room = heading
            about = inspect.getdoc(importlib.import_module(f"tightrope.{room}")) or ""
            parts += [f"## {room}", _plain(about)] if about else [f"## {room}"]
        for name in names:
            parts += [f"### {name}", f"```python\n{_signature(name, getattr(module, name))}\n```"]
            first, _, rest = (inspect.getdoc(getattr(module, name)) or "").partition("\n\n")
            parts.append(f"{_plain(first)} From `{place}`.")
            parts += [f"```text\n{rest}\n```"] if rest else []
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _plain(docstring: str) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(docstring.split("\n\n")[0].split())


class _Raw:
    """Text that prints as it is, where a signature would print a value."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def _signature(name: str, noun: Any) -> str:
    """How a name is called, or what it holds, one argument a line where it would be long."""
    if inspect.isclass(noun) and issubclass(noun, Exception):
        return f"class {name}({noun.__mro__[1].__name__})"
    if dataclasses.is_dataclass(noun):
        fields = [f"    {field.name}: {_annotation(field.type)}" for field in dataclasses.fields(noun)]
        return "\n".join([f"class {name}:", *fields])
    if inspect.isclass(noun):
        hints = [f"    {n}: {_annotation(a)}" for n, a in noun.__annotations__.items() if n[0] != "_"]
        return "\n".join([f"class {name}:", *hints]) if hints else f"class {name}: ..."
    found = inspect.signature(noun)
    parameters = [
        parameter.replace(annotation=_Raw(_annotation(parameter.annotation)), default=_default(parameter))
        for parameter in found.parameters.values()
    ]
    answer = f" -> {_annotation(found.return_annotation)}"
    short = f"{name}{inspect.Signature(parameters)}{answer}"
    if len(short) <= 100:
        return short
    lines = [f"    {text}," for text in _split(str(inspect.Signature(parameters))[1:-1])]
    return "\n".join([f"{name}(", *lines, f"){answer}"])


def _split(text: str) -> list[str]:
    """Arguments of a signature, apart at the commas that stand in no bracket."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _annotation(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return "None"
    text = getattr(annotation, "__forward_arg__", annotation)
    text = text if isinstance(text, str) else inspect.formatannotation(text)
    return text.replace("'", '"')


def _default(parameter: inspect.Parameter) -> Any:
    value = parameter.default
    if value is inspect.Parameter.empty or isinstance(value, (str, int, float, tuple, type(None))):
        return value
    if callable(value):
        return _Raw(value.__name__)
    return _Raw(re.sub(r"\b(Posix|Windows)Path\b", "Path", repr(value)))
