"""Reading a run back, without taking its lock and without trusting what does not check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tightrope.runs.chunk import Chunk, read_chunk
from tightrope.runs.files import Damaged, file_digest, slug, unseal


def read_run(folder: Path | str) -> tuple[dict[str, Any], Any]:
    """The manifest of a finished run and its results as an xarray DataTree, in memory.

    Raises Damaged if the run is not finished or a file does not match its checksum,
    FileNotFoundError if this is no run folder.
    """
    import xarray as xr

    folder = Path(folder)
    manifest = unseal(folder / "manifest.json")
    if "results" not in manifest:
        raise Damaged(f"{folder} holds no finished run; the same command again resumes it")
    path = folder / "run.nc"
    if not path.exists() or file_digest(path) != manifest["results"]["sha256"]:
        raise Damaged(f"{path} is missing or changed; the same command again makes it anew")
    with xr.open_datatree(path, engine="netcdf4") as tree:
        return manifest, tree.load()


def read_chunks(folder: Path | str, name: str) -> tuple[dict[str, Any], list[Chunk]]:
    """The manifest of a run, finished or not, and its chunks of one name, the last written last.

    Raises FileNotFoundError if this is no run folder, Damaged if one of these files is not whole.
    """
    folder = Path(folder)
    manifest = unseal(folder / "manifest.json")
    found = []
    for path in (folder / "chunks").glob(f"{slug(name)}-*.json"):
        content = unseal(path)
        if content.get("name") == name:
            chunk = read_chunk(path, name, str(content.get("inputs")), origin="resumed")
            found.append((str(content.get("written")), path.name, chunk))
    return manifest, [chunk for _, _, chunk in sorted(found, key=lambda entry: entry[:2])]
