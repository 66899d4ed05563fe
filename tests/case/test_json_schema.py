"""The JSON Schema names every key of the language and none of its inner trees."""

from __future__ import annotations

import json

from tightrope.case.json_schema import json_schema
from tightrope.case.schema import Case


def test_the_schema_names_the_keys_of_a_case_and_no_inner_trees() -> None:
    schema = json.loads(json.dumps(json_schema()))
    assert set(schema["properties"]) == set(Case.model_fields)
    assert schema["additionalProperties"] is False
    assert {"StateVariable", "PlayerMove", "NatureMove", "Claim"} <= set(schema["$defs"])
    assert not {"Binary", "Compare", "Call", "Expression"} & set(schema["$defs"])
    assert schema["$defs"]["Player"]["properties"]["discount"]["type"] == ["string", "number"]
