"""The JSON Schema of a case file, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from tightrope.case.schema import Case


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of `case.yaml`; form only, as in `load_case`.

    An editor reads `first: 1996` or a level `yes` as number or truth value, where
    Tightrope keeps the text; quotes settle it for both.
    """
    schema = Case.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A Tightrope case"}
