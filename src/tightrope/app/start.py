"""`tightrope serve`: find what is to be served, open a port on this machine alone, and say the address."""

from __future__ import annotations

import socket
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tightrope.app.token import new_token
from tightrope.case.bundled import case_hint, find_case
from tightrope.case.errors import CaseError
from tightrope.case.folder import CASE_FILE
from tightrope.case.load import load_case
from tightrope.runs.files import Damaged, unseal

EXTRA = "app"
HOST = "127.0.0.1"
MANIFEST = "manifest.json"
MOST_CONNECTIONS = 300


class MissingApp(RuntimeError):
    """The page needs libraries of an extra that is not installed; the message says how to install it."""

    def __init__(self, library: str) -> None:
        super().__init__(
            f"`tightrope serve` needs {library}, which is not installed; it comes with the extra `{EXTRA}`: "
            f"python -m pip install 'tightrope[{EXTRA}]' (in a checkout: pip install -e '.[{EXTRA}]')"
        )


class CannotServe(ValueError):
    """What is named is no case and no run, or its case is not to be found; the message says what to write."""


def require_app() -> None:
    """Raise MissingApp if the libraries of the page are not there to be imported."""
    for library in ("fastapi", "uvicorn"):
        if find_spec(library) is None:
            raise MissingApp(library)


def what_to_serve(target: Path, *, case: Path | None = None) -> tuple[Path, Path | None]:
    """The case's folder and, where a run is named, the run's.

    case  where the case of a run lies, if it is not where the run found it

    Raises CannotServe.
    """
    target = find_case(target)
    if (target / CASE_FILE).is_file() or target.is_file():
        if case is not None:
            raise CannotServe("--case goes with a run folder; a case is served as it is")
        return target, None
    if not (target / MANIFEST).is_file():
        hint = "" if target.exists() else f"; {case_hint(target)}"
        raise CannotServe(
            f"{target} is no case (there is no {CASE_FILE}) and no run (there is no {MANIFEST}){hint}"
        )
    try:
        manifest = unseal(target / MANIFEST)
    except Damaged as error:
        raise CannotServe(f"{target}: {error}") from None
    wanted = manifest.get("key", {}).get("case")
    tried = [case] if case is not None else [Path(str(a)) for a in manifest.get("argv", ())]
    for place in map(find_case, tried):
        if not (place / CASE_FILE).is_file() and place.name != CASE_FILE:
            continue
        try:
            found = load_case(place).hash
        except CaseError:
            continue
        if found == wanted:
            return place, target
        raise CannotServe(
            f"the case in {place} has changed since the run; run it again, or serve the case itself"
        )
    raise CannotServe(f"the case of {target} is not where the run found it; say where: --case FOLDER")


def listen(port: int) -> socket.socket:
    """A socket on this machine's loopback address. Raises CannotServe if the port is taken."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
    except OSError as error:
        opened.close()
        raise CannotServe(
            f"port {port} of {HOST} cannot be had ({error.strerror}); say another with --port"
        ) from None
    opened.listen(128)
    return opened


def serve(
    target: Path,
    *,
    case: Path | None = None,
    port: int = 0,
    out: Path = Path("runs"),
    say: Callable[[str], None] = print,
) -> None:
    """Serve a case or a run until interrupted.

    port  0: any that is free
    out   where jobs leave their run folders
    say   called with each line that the reader must see, the address first

    Raises MissingApp and CannotServe.
    """
    require_app()
    folder, run = what_to_serve(target, case=case)
    with listen(port) as opened:
        port, token = opened.getsockname()[1], new_token()
        say(address(port, token))  # at once: who opens it waits in the socket's queue
        say("This address works on this machine, until the server is stopped (Ctrl-C).")
        import uvicorn

        from tightrope.app.desk import Desk
        from tightrope.app.server import create_app

        desk = Desk(folder, out, run=run, token=token)
        app = create_app(desk, hosts=hosts_of(port))
        desk.begin()
        settings: dict[str, Any] = {
            "log_level": "warning",
            "access_log": False,
            "server_header": False,
            "limit_concurrency": MOST_CONNECTIONS,
            "timeout_keep_alive": 10,
            "timeout_graceful_shutdown": 3,
            "ws": "none",
            "proxy_headers": False,
        }
        uvicorn.Server(uvicorn.Config(app, **settings)).run(sockets=[opened])


def hosts_of(port: int) -> tuple[str, ...]:
    """The values of Host that a server on a port answers to."""
    return f"{HOST}:{port}", f"localhost:{port}"


def address(port: int, token: str) -> str:
    """Where to open the page; the token stands behind the #, which no browser sends anywhere."""
    return f"http://{HOST}:{port}/#token={token}"
