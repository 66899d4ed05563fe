"""The template case with summits, a ledger of a merger, and an observable: what a headline needs."""

from __future__ import annotations

from pathlib import Path

from tests.workflow.small import small_case

OBSERVED = """observables:
  summit: {label: a summit in a half-year, bernoulli: -1 + 1.5*(north == press) + (threat == high),
           event_kinds: [summit]}
  talk: {label: talk of a merger, autoregressive: 0.1, persistence: 0.5, noise: 0.2, ledger_event: merger,
         at_least: 0.25}

quantities:"""
SUMMITS = """S1,2001-06-20,day,summit,north,south,The presidents meet.,https://example.org/s1,Example
S2,2003-02-10,day,summit,north,south,The presidents meet again.,https://example.org/s2,Example
"""


def allied_case(folder: Path) -> Path:
    """`absorbed` is called `merged`, two summits are dated, and a limited step came true."""
    small_case(folder, edits={"quantities:": OBSERVED})
    for file in folder.iterdir():
        if file.suffix in (".yaml", ".csv"):
            text = file.read_text(encoding="utf-8")
            if file.name == "events.csv":
                text += SUMMITS
            else:
                text = text.replace("absorbed", "merged")
            file.write_text(text, encoding="utf-8")
    scopes = "event,scope,meaning\nmerger,whole,One state.\nunion,limited,A common army.\n"
    (folder / "predictions-events.csv").write_text(scopes, encoding="utf-8")
    return folder
