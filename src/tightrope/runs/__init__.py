"""What a run leaves behind, and how an interrupted one goes on: see `tightrope.runs.folder`."""

from tightrope.runs.chunk import Chunk
from tightrope.runs.files import Damaged, canonical, digest
from tightrope.runs.folder import Run, open_run, run_folder
from tightrope.runs.identity import code_hash, versions
from tightrope.runs.lock import RunLocked
from tightrope.runs.reading import read_chunks, read_run

__all__ = [
    "Chunk",
    "Damaged",
    "Run",
    "RunLocked",
    "canonical",
    "code_hash",
    "digest",
    "open_run",
    "read_chunks",
    "read_run",
    "run_folder",
    "versions",
]
