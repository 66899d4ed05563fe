"""The run folder: `runs/<case>-<hash>/`, resumed by hash, locked while in use, described by a manifest.

A folder's hash is that of everything its numbers depend on: case, seed, arguments,
versions and the code itself. Starting the same run again therefore finds its chunks;
starting another one never meets them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from tightrope import executor
from tightrope.runs.chunk import Chunk, chunk_path, compression, read_chunk, write_chunk
from tightrope.runs.files import (
    FORMAT,
    Damaged,
    Notice,
    canonical,
    digest,
    file_digest,
    seal,
    set_aside,
    slug,
    to_stderr,
    unseal,
    write_atomically,
    write_through,
)
from tightrope.runs.identity import code_hash, versions
from tightrope.runs.lock import take_lock

# What reading a chunk may raise: damage found by its checksum, or a shape that no writer of ours gave it.
_UNREADABLE = (Damaged, OSError, KeyError, TypeError, ValueError)


def open_run(
    root: Path | str,
    *,
    case_name: str,
    key: Mapping[str, Any],
    argv: Sequence[str] = (),
    notice: Notice = to_stderr,
) -> Run:
    """Open (or begin) the run folder of a case under `root` and lock it.

    key     what the run's numbers depend on besides versions and code: the case's hash,
            the seed, the arguments; JSON-able
    argv    the command line, for the manifest
    notice  called with one line for each file that is not trusted (default: stderr)

    Raises RunLocked while another process has the folder open.
    """
    full_key = _full_key(key)
    folder = run_folder(root, case_name=case_name, key=key)
    identity = digest(full_key)
    (folder / "chunks").mkdir(parents=True, exist_ok=True)
    return Run(folder, identity, full_key, case_name, tuple(argv), notice)


def run_folder(root: Path | str, *, case_name: str, key: Mapping[str, Any]) -> Path:
    """Where `open_run` would put a run of this key, whether or not it is there."""
    return Path(root) / f"{slug(case_name)}-{digest(_full_key(key))[:12]}"


def _full_key(key: Mapping[str, Any]) -> dict[str, Any]:
    return {**json.loads(canonical(key)), "versions": versions(), "code": code_hash()}


class Run:
    """An open run folder. Use as a context manager, or call `close`.

    folder   the folder
    hash     hash of the run's key, in hex
    timings  chunk name -> {seconds, origin} of every chunk asked for so far
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        key: Mapping[str, Any],
        case_name: str,
        argv: tuple[str, ...],
        notice: Notice,
    ) -> None:
        self.folder = folder
        self.hash = identity
        self.key = dict(key)
        self.timings: dict[str, dict[str, Any]] = {}
        self._case_name = case_name
        self._argv = argv
        self._notice = notice
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._finished = False
        self._lock: IO[str] | None = take_lock(folder / "lock", started=self._started)
        try:
            self._kept = self._clear_up()
            self._write_manifest("running", self._kept)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._finished and self._lock is not None:
            reason = repr(error) if error is not None else ""
            self._write_manifest("stopped", {**self._kept, "error": reason})
        self.close()

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def chunk(
        self,
        name: str,
        compute: Callable[[], Any],
        *,
        inputs: Mapping[str, Any],
        shipped: Path | str | None = None,
    ) -> Any:
        """The result called `name`: from disk if it is there, whole and of these inputs, else computed.

        compute  gives JSON-able data or an xarray Dataset
        inputs   everything the result depends on, JSON-able; its hash is the chunk's
        shipped  a read-only folder of chunks that comes with the case, looked at first
        """
        if (found := self.find(name, inputs=inputs, shipped=shipped)) is not None:
            return found.value
        began = time.perf_counter()
        value = compute()
        return self.store(name, value, inputs=inputs, seconds=time.perf_counter() - began).value

    def find(
        self, name: str, *, inputs: Mapping[str, Any], shipped: Path | str | None = None
    ) -> Chunk | None:
        """A trustworthy chunk from the shipped folder or the run, or None. Damaged ones are set aside."""
        key = digest(inputs)
        if shipped is not None:
            path = chunk_path(Path(shipped), name, key)
            try:
                if path.exists():
                    return self._note(read_chunk(path, name, key, origin="shipped"))
            except _UNREADABLE as error:
                self._notice(f"{path} is not trusted ({error}); computing it instead")
        path = chunk_path(self.folder / "chunks", name, key)
        if not path.exists():
            return None
        try:
            return self._note(read_chunk(path, name, key, origin="resumed"))
        except _UNREADABLE as error:
            for part in (path, path.with_suffix(".nc")):
                if part.exists():
                    self._set_aside(part, str(error))
            return None

    def named(self, name: str) -> list[Chunk]:
        """Every trustworthy chunk of this name in the run, whatever it was computed from, by file name."""
        found = []
        for path in sorted((self.folder / "chunks").glob(f"{slug(name)}-*.json")):
            try:
                content = unseal(path)
                if content.get("name") == name:
                    found.append(read_chunk(path, name, str(content.get("inputs")), origin="resumed"))
            except _UNREADABLE as error:
                self._set_aside(path, str(error))
        return found

    def store(self, name: str, value: Any, *, inputs: Mapping[str, Any], seconds: float) -> Chunk:
        """Write a result, and return it as a resumed run would read it."""
        key = digest(inputs)
        return self._note(write_chunk(self.folder / "chunks", name, key, value, seconds=seconds))

    def map(
        self,
        name: str,
        function: Callable[[Any, int], Any],
        items: Sequence[Any],
        *,
        inputs: Sequence[Mapping[str, Any]],
        seed: int,
        workers: int = 1,
        shipped: Path | str | None = None,
        on_progress: executor.Progress | None = None,
        stop: Callable[[], bool] | None = None,
        address: str = "",
    ) -> Iterator[executor.Result[Any]]:
        """Chunks `name.0`, `name.1`, ...: those on disk, then the rest by `executor.map`, stored at once.

        function  called as function(item, seed), picklable if workers > 1
        inputs    one mapping an item; the chunk's number and the seed are added to it
        stop, address  as in `executor.map`
        """
        if len(inputs) != len(items):
            raise ValueError(f"{len(items)} items but {len(inputs)} inputs")
        keys = [{"inputs": dict(given), "seed": seed, "number": n} for n, given in enumerate(inputs)]
        missing: list[int] = []
        for number, key in enumerate(keys):
            if (found := self.find(f"{name}.{number}", inputs=key, shipped=shipped)) is None:
                missing.append(number)
            else:
                yield executor.Result(number, found.value, "", found.seconds)
        done, total = len(items) - len(missing), len(items)

        def progress(label: str, now: int, _: int | None) -> None:
            if on_progress is not None:
                on_progress(label, done + now, total)

        for result in executor.map(
            function,
            [items[number] for number in missing],
            indices=missing,
            workers=workers,
            seed=seed,
            label=name,
            on_progress=progress,
            stop=stop,
            address=address,
            notice=lambda text: self._notice(f"{name}: {text}"),
        ):
            if not result.ok:
                self._notice(f"{name}.{result.index} failed: {result.error.strip().splitlines()[-1]}")
                yield result
                continue
            chunk_name = f"{name}.{result.index}"
            stored = self.store(chunk_name, result.value, inputs=keys[result.index], seconds=result.seconds)
            yield executor.Result(result.index, stored.value, "", stored.seconds)

    def ship(self, name: str, *, inputs: Mapping[str, Any], folder: Path | str) -> Path:
        """Copy a chunk of JSON-able data to a folder that is shipped with a case; returns the file."""
        key = digest(inputs)
        found = read_chunk(chunk_path(self.folder / "chunks", name, key), name, key, origin="resumed")
        Path(folder).mkdir(parents=True, exist_ok=True)
        write_chunk(Path(folder), name, key, found.value, seconds=found.seconds)
        return chunk_path(Path(folder), name, key)

    def finish(
        self,
        groups: Mapping[str, Any],
        *,
        certificates: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write `run.nc` and the finished manifest; returns the path of `run.nc`.

        groups        group name (`posterior`, `forecasts`, `claims`; `a/b` nests) -> xarray Dataset
        certificates  what the solver certified, by name, for the manifest
        extra         more to say in the manifest, JSON-able
        """
        import xarray as xr

        tree = xr.DataTree.from_dict(dict(groups))
        encoding = {node.path: compression(node.to_dataset(inherit=False)) for node in tree.subtree}
        path = self.folder / "run.nc"
        checksum = write_through(
            path, lambda temporary: tree.to_netcdf(temporary, engine="netcdf4", encoding=encoding)
        )
        self._write_manifest(
            "finished",
            {
                "results": {"file": path.name, "sha256": checksum, "groups": sorted(groups)},
                "certificates": dict(certificates or {}),
                **dict(extra or {}),
            },
        )
        self._finished = True
        return path

    def _note(self, chunk: Chunk) -> Chunk:
        self.timings[chunk.name] = {"seconds": chunk.seconds, "origin": chunk.origin}
        return chunk

    def _set_aside(self, path: Path, reason: str) -> None:
        set_aside(path, folder=self.folder, reason=reason, notice=self._notice)

    def _clear_up(self) -> dict[str, Any]:
        """Set aside what cannot be trusted; return what an earlier finished run left to keep."""
        for part in [*self.folder.glob(".*.part"), *(self.folder / "chunks").glob(".*.part")]:
            self._set_aside(part, "half-written when an earlier run was stopped")
        manifest, results = self.folder / "manifest.json", self.folder / "run.nc"
        before: dict[str, Any] = {}
        if manifest.exists():
            try:
                before = unseal(manifest)
            except Damaged as error:
                self._set_aside(manifest, str(error))
        kept: dict[str, Any] = {name: before[name] for name in ("results", "certificates") if name in before}
        vouched = kept.get("results", {}).get("sha256")
        if results.exists() and (results.is_dir() or vouched != file_digest(results)):
            self._set_aside(results, "the manifest does not vouch for it")
            kept = {}
        return kept

    def _write_manifest(self, status: str, more: Mapping[str, Any]) -> None:
        content = {
            "format": FORMAT,
            "status": status,
            "case": self._case_name,
            "hash": self.hash,
            "key": self.key,
            "argv": list(self._argv),
            "started": self._started,
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "timings": self.timings,
            **more,
        }
        write_atomically(self.folder / "manifest.json", seal(content))
