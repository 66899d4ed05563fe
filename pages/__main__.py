"""Write the pages that follow from the code."""

from __future__ import annotations

import sys

from pages import DOCS, WRITTEN

for name, page in WRITTEN.items():
    (DOCS / name).write_text(page(), encoding="utf-8")
    sys.stdout.write(f"docs/{name}\n")
