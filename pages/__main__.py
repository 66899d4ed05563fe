"""Write the pages that follow from the code, or, if pages are named, what their console blocks print.

python -m pages                         docs/cli.md and docs/api.md
python -m pages docs/tutorial.md ...    their console blocks or a notebook's cells, run in a fresh folder
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from pages import DOCS, WRITTEN
from pages.console import refilled
from pages.notebook import rerun

for name in sys.argv[1:]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(DOCS / "examples", folder, dirs_exist_ok=True)
        path = Path(name).resolve()
        if path.suffix == ".ipynb":
            rerun(path, Path(folder))
        else:
            path.write_text(refilled(path.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")
    sys.stdout.write(f"{name}\n")
for name, page in {} if sys.argv[1:] else WRITTEN.items():
    (DOCS / name).write_text(page(), encoding="utf-8")
    sys.stdout.write(f"docs/{name}\n")
