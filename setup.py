"""What pyproject.toml cannot say: the repository's cases go into the package, and are found there."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CASES = Path(__file__).parent / "cases"
KINDS = {".yaml", ".csv", ".md", ".json", ".nc"}


def case_files() -> list[Path]:
    """Every file of every case, relative to the folder of cases; none that is hidden or of another kind."""
    found = [path.relative_to(CASES) for path in CASES.glob("*/**/*") if path.is_file()]
    plain = [path for path in found if not any(part.startswith(".") for part in path.parts)]
    return sorted(path for path in plain if path.suffix in KINDS)


class BuildWithCases(build_py):
    """Builds the package with `cases/` beside its modules. An editable install finds them where they are."""

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            for path in case_files():
                target = self._there(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(CASES / path, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """The files that a build makes, those of the cases too."""
        outputs: list[str] = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else [*outputs, *(str(self._there(p)) for p in case_files())]

    def _there(self, path: Path) -> Path:
        return Path(self.build_lib) / "tightrope" / "cases" / path


setup(cmdclass={"build_py": BuildWithCases})
