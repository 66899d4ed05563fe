"""The last sections: diagnostics, provenance, and what to watch next."""

from __future__ import annotations

from tightrope.report.blocks import Block, Cell, Line, Section, Table, bullets, cell, prose, safe_link
from tightrope.report.sections import Diagnostics, Provenance, Watch
from tightrope.report.text import NOTHING, count, number, percent, seconds


def diagnostics_view(diagnostics: Diagnostics) -> Section:
    """Warnings, checks, certified shares, and the fit's climbs."""
    blocks: list[Block] = []
    if diagnostics.warnings:
        blocks.append(bullets("Warnings", diagnostics.warnings, kind="warning"))
    words = {True: ("good", "good"), False: ("bad", "bad"), None: (NOTHING, "")}
    checks = diagnostics.checks.to_dict("records")
    bad = sum(row["good"] is False for row in checks)
    blocks.append(
        Table(
            "checks",
            f"{count(len(checks), 'check')}, {bad if bad else 'none'} of them bad",
            ("Check", "Found", "Good?", "What it means"),
            tuple(
                (
                    cell(row["name"]),
                    cell(row["value"]),
                    cell(words[row["good"]][0], state=words[row["good"]][1]),
                    cell(row["note"] or NOTHING),
                )
                for row in checks
            ),
        )
    )
    if diagnostics.solved is not None:
        blocks.append(
            Table(
                "solved",
                "Parameter draws that solved to a certificate",
                ("Draws from", "Tried", "Certified", "Share"),
                tuple(
                    (
                        cell(row["prior_class"]),
                        cell(str(row["draws"]), numeric=True),
                        cell(str(row["certified"]), numeric=True),
                        cell(_share(row["certified"], row["draws"]), numeric=True),
                    )
                    for row in diagnostics.solved.to_dict("records")
                ),
            )
        )
    if diagnostics.starts is not None:
        blocks.append(
            Table(
                "starts",
                "Climbs of the fit, each from another start",
                ("Start", "Log posterior", "Log likelihood", "Steps", "Ended"),
                tuple(
                    (
                        cell(row["start"]),
                        cell(number(row["log_posterior"], digits=5), numeric=True),
                        cell(number(row["log_likelihood"], digits=5), numeric=True),
                        cell(NOTHING if row["steps"] is None else str(row["steps"]), numeric=True),
                        cell(row["ended"] or NOTHING),
                    )
                    for row in diagnostics.starts.to_dict("records")
                ),
            )
        )
    return Section("diagnostics", "Diagnostics", blocks=tuple(blocks))


def provenance_view(provenance: Provenance) -> Section:
    """Identity of the run, sources with licences, versions and timings."""
    facts = [
        f"Case hash {provenance.case_hash}." if provenance.case_hash else "",
        f"Seed {provenance.seed}.",
        f"Command: {provenance.command}." if provenance.command else "",
        f"Made on {provenance.made_on}." if provenance.made_on else "",
    ]
    blocks: list[Block] = [prose(" ".join(fact for fact in facts if fact))]
    sources = tuple(
        (
            cell(row["file"]),
            Cell((Line(row["source"], href=safe_link(row["url"])),)),
            cell(row["licence"]),
        )
        for row in provenance.sources.to_dict("records")
    )
    blocks.append(Table("sources", "Sources and licences", ("File", "Source", "Licence"), sources))
    versions = tuple(
        (cell(row["package"]), cell(row["version"])) for row in provenance.versions.to_dict("records")
    )
    blocks.append(Table("versions", "Versions", ("Package", "Version"), versions))
    timings = tuple(
        (cell(row["step"]), cell(seconds(row["seconds"]), numeric=True), cell(row["note"] or NOTHING))
        for row in provenance.timings.to_dict("records")
    )
    blocks.append(Table("timings", "Time taken", ("Step", "Time", "Note"), timings))
    return Section("provenance", "Provenance", blocks=tuple(blocks))


def watch_view(watch: Watch) -> Section:
    """Indicators, what each would mean, and how it stands."""
    rows = tuple(
        (
            Cell(
                (
                    Line(row["indicator"], strong=True),
                    *((Line(f"bears on {row['question']}", quiet=True),) if row["question"] else ()),
                )
            ),
            cell(row["why"]),
            cell(row["now"]),
        )
        for row in watch.watch.to_dict("records")
    )
    table = Table(
        "watch-table",
        "What would change the judgement, the most telling first",
        ("Indicator", "Why it matters", "Now"),
        rows,
        stack=True,
    )
    return Section("watch", "What to watch next", blocks=(table,))


def _share(k: int, n: int) -> str:
    if n == 0:
        return NOTHING
    return "all" if k == n else "none" if k == 0 else percent(k / n)
