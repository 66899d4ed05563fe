"""Files that are made to hurt are refused by name, and quickly."""

from __future__ import annotations

import time

import pytest

from tightrope.case.errors import CaseError
from tightrope.case.source import source_from_bytes
from tightrope.case.yaml_tree import MAX_ANCHORS, MAX_DEPTH

_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

BOMBS = {
    "aliases of aliases": (_LAUGHS, "more than 50,000 values, aliases counted in full"),
    "an alias inside itself": ("a: &a [*a]", "stands inside what it repeats"),
    "an alias without an anchor": ("a: *b", "stands before its anchor"),
    "anchor twice": ("a: &x 1\nb: &x 2", "defined twice"),
    "many anchors": ("".join(f"k{n}: &k{n} 1\n" for n in range(MAX_ANCHORS + 1)), "anchors"),
    "deep lists": ("a: " + "[" * 100_000, f"nested deeper than {MAX_DEPTH}"),
    "deep mappings": ("a: " + "{a: " * 100_000, f"nested deeper than {MAX_DEPTH}"),
    "deep dashes": ("a:\n" + "- " * 100_000, f"nested deeper than {MAX_DEPTH}"),
    "deep through an alias": (
        "a: &a " + "[" * 15 + "]" * 15 + "\nb: " + "[" * 15 + "*a" + "]" * 15,
        f"nested deeper than {MAX_DEPTH}",
    ),
    "many values": ("a: [" + "1, " * 60_000 + "]", "more than 50,000 values"),
    "a huge file": ("a: " + "x" * 2_000_000, "larger than 2,000,000 bytes"),
    "a python object": ("a: !!python/object/apply:os.system [ls]", "tag"),
    "a plain tag": ("a: !!str 1", "tag"),
    "a local tag": ("a: !x {b: 1}", "tag !x is refused"),
    "a tag directive": ("%TAG ! tag:example.org,2000:\n---\na: 1", "%TAG directives are refused"),
    "a merge key": ("a: &a {b: 1}\nc: {<<: *a}", "merge keys"),
    "a key twice": ("a: 1\nb: 2\na: 3", "key 'a' is written twice"),
    "two documents": ("a: 1\n---\nb: 2", "several documents"),
    "a mapping for a key": ("{a: 1}: 2", "a key must be one word of text"),
    "a list at the top": ("- a", "a case file is a mapping"),
    "nothing": ("", "the file is empty"),
    "only a comment": ("# nothing", "the file is empty"),
    "a null byte": ("a: \0", "not YAML"),
    "an escape sequence": ('a: "\\e[31m"', "control character"),
    "half a surrogate": ('a: "\\ud800"', "control character"),
    "a huge escape": ('a: "\\Uffffffff"', "not YAML"),
    "a tab for an indent": ("a:\n\tb: 1", "not YAML"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_name_and_quickly(name: str) -> None:
    text, words = BOMBS[name]
    began = time.process_time()
    with pytest.raises(CaseError) as caught:
        source_from_bytes(text.encode())
    assert words in str(caught.value)
    assert time.process_time() - began < 10.0
    assert len(str(caught.value)) < 2_000


def test_places_of_refusals() -> None:
    with pytest.raises(CaseError) as caught:
        source_from_bytes(b"a: 1\nb: 2\na: 3\n", path="x.yaml")
    (problem,) = caught.value.problems
    assert (problem.place, problem.hint) == ("x.yaml:3:1", "first on line 1")
    with pytest.raises(CaseError) as caught:
        source_from_bytes(b"a: 1\nb: \xc3\x28\n", path="x.yaml")
    (problem,) = caught.value.problems
    assert (problem.place, problem.message) == ("x.yaml:2:4", "the file is not UTF-8 text")


def test_what_is_plain_stays_the_text_that_was_written() -> None:
    source = source_from_bytes(
        b"\xef\xbb\xbfa: NO\nb: 1.10\nc: ~\nd: 2020-01-01\ne: 0x10\nf: &x yes\ng: *x\nh: ''\n"
    )
    assert dict(source.data) == {
        "a": "NO", "b": "1.10", "c": "~", "d": "2020-01-01", "e": "0x10", "f": "yes", "g": "yes", "h": "",
    }  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_alike_under_every_line_end(end: str) -> None:
    source = source_from_bytes(f"a: 1{end}b:{end}  c: 2{end}".encode())
    assert source.mark(("b", "c")).line == 3
    assert source.line_text(3) == "  c: 2"
