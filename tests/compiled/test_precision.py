"""Flags of the compiler: ours where the user says nothing, none to a jaxlib that may not know them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tightrope.compiled.precision import QUICK_COMPILER, SAME_BITS, SAME_BITS_X86, TRIED, compiler_flags

X86 = platform.machine() in ("x86_64", "AMD64")
SOLVED = """
from tightrope.case.load import load_case
from tightrope.game import compile_game, solve
game = compile_game(load_case("cases/russia-belarus").case)
print(solve(game, method="direct").z.tobytes().hex())
"""


def test_ours_are_added_to_the_user_s() -> None:
    flags = compiler_flags("--xla_force_host_platform_device_count=2", f"{TRIED}9").split()
    assert flags[0] == "--xla_force_host_platform_device_count=2"
    ours = QUICK_COMPILER | SAME_BITS | (SAME_BITS_X86 if X86 else {})
    assert flags[1:] == [f"--{name}={value}" for name, value in ours.items()]


def test_what_the_user_says_stays_as_said() -> None:
    given = "--xla_cpu_use_fusion_emitters=true"
    flags = compiler_flags(given, f"{TRIED}2")
    assert flags.startswith(given)
    assert flags.count("xla_cpu_use_fusion_emitters") == 1
    assert compiler_flags(flags, f"{TRIED}2") == flags


def test_an_untried_jaxlib_gets_what_was_given() -> None:
    assert compiler_flags("", "99.0") == ""
    assert compiler_flags("--xla_dump_to=x", "99.0") == "--xla_dump_to=x"


@pytest.mark.long
def test_bits_do_not_hang_on_the_number_of_threads(tmp_path: Path) -> None:
    """A solve by programs compiled where XLA's pool has one thread, and where it has four."""

    def told(threads: str) -> str:
        room = {"TIGHTROPE_CACHE": str(tmp_path / threads), "NPROC": threads}
        ran = subprocess.run(
            [sys.executable, "-c", SOLVED], capture_output=True, text=True, env=os.environ | room, check=True
        )
        return ran.stdout

    assert told("1") == told("4")
