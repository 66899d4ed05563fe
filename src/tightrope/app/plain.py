"""Blocks of a report as plain data, and JSON that any text and number can stand in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
from starlette.responses import JSONResponse

from tightrope.report.blocks import Figure, Table


class Json(JSONResponse):
    """JSON in ASCII: lone surrogates and numbers that JSON lacks cannot break it."""

    @classmethod
    def ready(cls, body: bytes) -> Json:
        """An answer whose body is made already."""
        made = cls(None)
        made.body = body
        made.init_headers()
        return made

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(plain(content), ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()


def plain(value: Any) -> Any:
    """Data for JSON: nan as null, infinities as words, days as ISO text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.isoformat() if isinstance(value, date) else value


def block_data(block: Figure | Table) -> dict[str, Any]:
    """A figure or table as plain data, for the page to build from."""
    if isinstance(block, Table):
        return {"kind": "table", **asdict(block)}
    return {
        "kind": "figure",
        "id": block.id,
        "title": block.title,
        "alt": block.alt,
        "note": block.note,
        "fluid": block.fluid,
        "spec": dict(block.spec),
        "data": asdict(block.data),
    }
