"""Flags of the compiler: ours where the user says nothing, none to a jaxlib that may not know them."""

from __future__ import annotations

from tightrope.compiled.precision import QUICK_COMPILER, TRIED, compiler_flags


def test_ours_are_added_to_the_user_s() -> None:
    flags = compiler_flags("--xla_force_host_platform_device_count=2", f"{TRIED}9").split()
    assert flags[0] == "--xla_force_host_platform_device_count=2"
    assert flags[1:] == [f"--{name}={value}" for name, value in QUICK_COMPILER.items()]


def test_what_the_user_says_stays_as_said() -> None:
    given = "--xla_cpu_use_fusion_emitters=true"
    flags = compiler_flags(given, f"{TRIED}2")
    assert flags.startswith(given)
    assert flags.count("xla_cpu_use_fusion_emitters") == 1
    assert compiler_flags(flags, f"{TRIED}2") == flags


def test_an_untried_jaxlib_gets_what_was_given() -> None:
    assert compiler_flags("", "99.0") == ""
    assert compiler_flags("--xla_dump_to=x", "99.0") == "--xla_dump_to=x"
