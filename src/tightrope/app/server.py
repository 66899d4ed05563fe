"""The server: routes over a desk, behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tightrope import __version__
from tightrope.app import answers, uploads
from tightrope.app.desk import Desk
from tightrope.app.guard import Guard
from tightrope.app.jobs import Job, TooManyJobs
from tightrope.app.lanes import Busy, Gone, Lane, TookTooLong
from tightrope.app.links import pull_of
from tightrope.app.pages import PAGES, Page
from tightrope.app.plain import Json
from tightrope.app.saving import saved
from tightrope.app.shapes import CaseText, JobAsked, LeverSet, Link, PolicyPulled, Pulled, Save
from tightrope.case.errors import Problem
from tightrope.workflow.bench import Bench
from tightrope.workflow.pulls import LeverError, Pull, read_pull

MOST_PROBLEMS = 200


class NotReady(RuntimeError):
    """The case is still being prepared, or could not be."""


def create_app(desk: Desk, *, hosts: Collection[str]) -> Guard:
    """The server's ASGI application.

    hosts  the values of Host that it answers to
    """

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(desk.jobs.close)

    app = FastAPI(
        title="Tightrope, the local page",
        version=__version__,
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        default_response_class=Json,
        redirect_slashes=False,
    )
    app.state.desk = desk
    _complaints(app)
    _pages(app)
    _levers(app, desk)
    _case(app, desk)
    _jobs(app, desk)
    return Guard(app, token=desk.token, hosts=hosts)


def _said(code: int, detail: Any, **headers: str) -> Json:
    return Json({"detail": detail}, status_code=code, headers=headers)


def _complaints(app: FastAPI) -> None:
    """Every error as a short answer; never a traceback, never what was sent."""

    async def malformed(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            {"where": ".".join(str(part)[:80] for part in fault["loc"][1:]), "what": str(fault["msg"])[:200]}
            for fault in error.errors()[:20]
        ]
        return _said(422, faults)

    async def senseless(_: Request, error: Exception) -> Response:
        problems = getattr(error, "problems", (str(error),))
        return _said(422, [{"where": "levers", "what": str(p)[:300]} for p in problems[:20]])

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return Json({"detail": str(error.detail)}, status_code=error.status_code, headers=error.headers)

    async def busy(_: Request, error: Exception) -> Response:
        assert isinstance(error, Busy)
        return _said(503, str(error), **{"Retry-After": str(error.retry_after)})

    async def later(_: Request, error: Exception) -> Response:
        return _said(503, str(error) or "it took too long", **{"Retry-After": "2"})

    async def gone(_: Request, error: Exception) -> Response:
        return Response(status_code=499)

    async def fault(_: Request, error: Exception) -> Response:
        return _said(500, "a fault of the program; the terminal of `tightrope serve` says more")

    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(LeverError, senseless)
    app.add_exception_handler(uploads.Refused, senseless)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Busy, busy)
    app.add_exception_handler(TooManyJobs, later)
    app.add_exception_handler(NotReady, later)
    app.add_exception_handler(TookTooLong, later)
    app.add_exception_handler(Gone, gone)
    app.add_exception_handler(Exception, fault)


def _pages(app: FastAPI) -> None:
    """The page's own files, from memory: no path of a request ever meets the disk."""

    def route(path: str, page: Page) -> None:
        async def served() -> Response:
            return Response(page.content(), media_type=page.kind)

        app.add_api_route(path, served, methods=["GET"], include_in_schema=False)

    for path, page in PAGES.items():
        route(path, page)


def _bench(desk: Desk) -> Bench:
    if desk.bench is None:
        raise NotReady(desk.failed or f"not ready yet: {desk.stage}")
    return desk.bench


def _read(bench: Bench, levers: LeverSet) -> Pull:
    return read_pull(bench.levers, levers.model_dump())


async def _in(lane: Lane, request: Request, function: Callable[[], Any]) -> Json:
    """A part, computed in its lane and made JSON there too, so that the server stays free to answer."""
    return await lane.run(lambda: Json(function()), request=request)


def _levers(app: FastAPI, desk: Desk) -> None:
    def two(bench: Bench, body: Pulled) -> tuple[Pull, Pull | None]:
        return _read(bench, body.levers), None if body.beside is None else _read(bench, body.beside)

    @app.get("/api/state", summary="How far the preparation is")
    async def state() -> Json:
        return Json(desk.as_data())

    @app.get("/api/levers", summary="Everything that can be pulled")
    async def levers(request: Request) -> Json:
        bench = _bench(desk)
        return await _in(desk.solving, request, lambda: answers.levers_data(bench))

    @app.post("/api/answer", summary="Feared outcome and live questions at a set of levers")
    async def answer(body: Pulled, request: Request) -> Json:
        bench = _bench(desk)
        here, there = two(bench, body)
        return await desk.solving.run(lambda: answers.answer_json(bench, here, there), request=request)

    @app.post("/api/claims", summary="Claims at a set of levers")
    async def claims(body: Pulled, request: Request) -> Json:
        bench = _bench(desk)
        here, there = two(bench, body)
        return await _in(desk.solving, request, lambda: answers.claims_part(bench, here, there))

    @app.post("/api/policy", summary="What the players do at a set of levers")
    async def policy(body: PolicyPulled, request: Request) -> Json:
        bench = _bench(desk)
        here, there = two(bench, body)
        return await _in(desk.solving, request, lambda: answers.policy_part(bench, here, there, body.slice))

    @app.post("/api/spread", summary="The same as /api/answer over posterior draws")
    async def spread(body: Pulled, request: Request) -> Json:
        bench = _bench(desk)
        here, there = two(bench, body)
        return await _in(desk.spreading, request, lambda: answers.spread_part(bench, here, there))

    @app.post("/api/confirm", summary="Whether the principal branch leads to the same equilibrium")
    async def confirm(body: Pulled, request: Request) -> Json:
        bench = _bench(desk)
        here, _ = two(bench, body)
        return await _in(desk.solving, request, lambda: answers.confirm_part(bench, here))

    @app.post("/api/link", summary="The set of levers behind a permalink")
    async def link(body: Link) -> Json:
        return Json(pull_of(_bench(desk).levers, body.link).as_data())

    @app.post("/api/save", summary="A set of levers as case data")
    async def save(body: Save, request: Request) -> Json:
        bench = _bench(desk)
        here = _read(bench, body.levers)
        return await _in(
            desk.checking, request, lambda: asdict(saved(bench, here, name=body.name, about=body.about))
        )


def _problem(problem: Problem) -> dict[str, Any]:
    return {**asdict(problem), "text": problem.format()}


def _case(app: FastAPI, desk: Desk) -> None:
    @app.get("/api/case", summary="The served case file, and what is wrong with it")
    async def case() -> Json:
        problems = [_problem(p) for p in desk.problems[:MOST_PROBLEMS]]
        return Json({"text": desk.text(), "problems": problems})

    @app.post("/api/case/check", summary="What is wrong with a case")
    async def check(body: CaseText, request: Request) -> Json:
        beside = desk.bench.material.source if desk.bench is not None else None

        def look() -> dict[str, Any]:
            with uploads.laid_out(body.text, body.files, beside=beside) as folder:
                found, problems = uploads.problems_of(folder)
            return {
                "sound": not problems,
                "case": None if found is None else found.case,
                "title": None if found is None else found.title,
                "problems": [_problem(p) for p in problems[:MOST_PROBLEMS]],
                "count": len(problems),
            }

        return await _in(desk.checking, request, look)

    @app.get("/api/report", summary="The report of the served run")
    async def report() -> Response:
        text = desk.report()
        if not text:
            raise HTTPException(404, "no run with a report is served")
        return Response(text, media_type="text/html")


def _jobs(app: FastAPI, desk: Desk) -> None:
    def known(identifier: str) -> Job:
        job = desk.jobs.get(identifier)
        if job is None:
            raise HTTPException(404, "there is no such job")
        return job

    @app.get("/api/jobs", summary="All jobs, the latest first")
    async def jobs() -> Json:
        return Json({"jobs": [job.as_data() for job in desk.jobs.all()]})

    @app.post("/api/jobs", status_code=202, summary="Start a job")
    async def start(body: JobAsked, request: Request) -> Json:
        beside = desk.bench.material.source if desk.bench is not None else None
        if body.kind == "what-if":
            known = () if body.case is not None else answers.scenarios_data(_bench(desk))
            if body.scenario not in [one["name"] for one in known]:
                raise LeverError([f"{body.scenario[:64]!r} is no scenario of the served case"])

        def begin() -> dict[str, Any]:
            folder, scratch, out = desk.case, None, desk.out
            if body.case is not None:
                folder = scratch = uploads.lay_out(body.case.text, body.case.files, beside=beside)
                out = scratch / "runs"
            try:
                job = desk.jobs.add(
                    body.kind,
                    case=folder,
                    quick=body.quick,
                    seed=body.seed,
                    out=out,
                    scratch=scratch,
                    scenario=body.scenario,
                )
            except TooManyJobs:
                uploads.remove(scratch)
                raise
            return job.as_data()

        done = await desk.checking.run(begin, request=request)
        return Json(done, status_code=202)

    @app.get("/api/jobs/{identifier}", summary="How far a job is")
    async def job(identifier: str) -> Json:
        return Json(known(identifier).as_data())

    @app.delete("/api/jobs/{identifier}", summary="Cancel a job; its run folder resumes")
    async def cancel(identifier: str) -> Json:
        found = known(identifier)
        await asyncio.to_thread(desk.jobs.cancel, found)
        return Json(found.as_data())

    @app.get("/api/jobs/{identifier}/report", summary="The report that a job left")
    async def report(identifier: str) -> Response:
        text = await asyncio.to_thread(desk.jobs.report, known(identifier))
        if not text:
            raise HTTPException(404, "the job left no report")
        return Response(text, media_type="text/html")
