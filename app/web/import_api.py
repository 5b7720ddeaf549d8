"""Files into a register by REST: the same service as the pages, its answer as JSON."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict
from typing import Any, BinaryIO, cast

import orjson
from apispec import APISpec
from flask import Response, current_app, request, send_file
from flask_appbuilder.api import expose, protect

from app import clock
from app.catalog.register import RegisterSpec
from app.errors import Invalid, Missing, Refused, say
from app.exchange import foreseen, importing, runs
from app.exchange.foreseen import Foreseen
from app.exchange.importing import AlreadyImported, ImportReport
from app.exchange.plan import make_plan
from app.exchange.preview import look
from app.exchange.runs import Options
from app.services import scope
from app.web import openapi
from app.web.actor import current_actor, current_panel, let_go, reading, writing
from app.web.answers import answer, cell
from app.web.language import label, sentence

TYPES = (
    "text/csv", "text/tab-separated-values", "text/plain", "application/x-ndjson", "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel",
    "application/vnd.oasis.opendocument.spreadsheet",
)  # fmt: skip
AT_ONCE = 1 << 20
"""Bytes; longer files are imported by a worker, and the answer says where to ask how far it is."""
_MEMORY = 1 << 20


class ImportRoutes:
    """What the REST interface of one register has for files."""

    spec: RegisterSpec

    @expose("/import", methods=["POST"])
    @protect()
    def bring(self) -> Response:
        code = self.spec.code
        scope.demand(reading(), code, "import")
        options = _options()
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY) as file:
            size = _received(cast(BinaryIO, file))
            if request.args.get("dry_run") in ("1", "true"):
                return _tried(code, cast(BinaryIO, file), options)
            try:
                run = importing.prepare(
                    current_panel(), current_actor(), code, cast(BinaryIO, file), now=clock.now(), source="api",
                    name=request.args.get("name", "")[:255], again=request.args.get("again") in ("1", "true"), **asdict(options),
                )  # fmt: skip
            except AlreadyImported as already:
                return answer(409, sentence(already.reason), run=already.run_id)
        by_worker = current_app.extensions.get("start_import")
        let_go()
        if size > AT_ONCE and by_worker is not None:
            by_worker(run)
        else:
            importing.carry_on(current_panel(), run, now=clock.now())
        return self._state(run)

    @expose("/import/<int:run>", methods=["GET"])
    @protect()
    def import_state(self, run: int) -> Response:
        runs.demand(reading(), self.spec.code, _storable(run))
        return self._state(run)

    @expose("/import/<int:run>/errors", methods=["GET"])
    @protect()
    def import_errors(self, run: int) -> Response:
        runs.demand(reading(), self.spec.code, _storable(run))
        file = runs.report(current_panel(), run).errors_file
        if file is None or not file.is_file():
            raise Missing
        return send_file(file, as_attachment=True, download_name=file.name)

    @expose("/import/<int:run>", methods=["DELETE"])
    @protect()
    def import_cancel(self, run: int) -> Response:
        runs.demand(reading(), self.spec.code, _storable(run))
        with writing("api") as work:
            runs.cancel(work, run)
        return self._state(run)

    def _state(self, run: int) -> Response:
        report = runs.report(current_panel(), run)
        status = 202 if report.going else 422 if report.state == "failed" else 200
        return _json(status, _reported(self.spec.code, report))


def describe(spec: APISpec, register: RegisterSpec) -> None:
    """Add the routes above to the description."""
    base, tag = f"/api/v1/{register.code}/import", label(register.label)
    number = {"in": "path", "name": "run", "required": True, "schema": {"type": "integer"}}
    file = {"type": "string", "format": "binary"}
    body = {t: {"schema": file} for t in TYPES} | {
        "multipart/form-data": {"schema": {"type": "object", "required": ["file"], "properties": {"file": file}}}
    }
    post = openapi.operation(tag, "导入文件", _REPORT, _QUERY)
    post["requestBody"] = {"required": True, "content": body}
    post["responses"]["202"] = post["responses"]["200"]
    spec.path(base, operations={"post": post})
    of_run = {
        "get": openapi.operation(tag, "导入进度", _REPORT, (number,)),
        "delete": openapi.operation(tag, "取消导入", _REPORT, (number,)),
    }
    for one in of_run.values():
        one["responses"]["202"] = one["responses"]["200"]
    spec.path(f"{base}/{{run}}", operations=of_run)
    errors = openapi.operation(tag, "未导入的行", {}, (number,))
    errors["responses"]["200"]["content"] = {TYPES[5]: {"schema": file}}
    spec.path(f"{base}/{{run}}/errors", operations={"get": errors})


def _flag(name: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "schema": {"type": "string", "enum": ["0", "1", "false", "true"]}}


_QUERY = (
    _flag("dry_run"), _flag("again"),
    {"in": "query", "name": "key", "schema": {"type": "array", "items": {"type": "string"}}},
    {"in": "query", "name": "mode", "schema": {"type": "string", "enum": ["all", "good"]}},
    {"in": "query", "name": "writes", "schema": {"type": "string", "enum": ["both", "insert", "update"]}},
    {"in": "query", "name": "encoding", "schema": {"type": "string"}},
    {"in": "query", "name": "delimiter", "schema": {"type": "string", "enum": [",", "\t", ";", "|"]}},
    {"in": "query", "name": "header_line", "schema": {"type": "integer", "minimum": 1, "maximum": 1_000_000}},
    {"in": "query", "name": "sheet", "schema": {"type": "string"}},
    {"in": "query", "name": "year", "schema": {"type": "integer", "minimum": 1900, "maximum": 9000}},
    {"in": "query", "name": "name", "schema": {"type": "string"}},
)  # fmt: skip
_REPORT: dict[str, Any] = {
    "run": {"type": "integer"}, "state": {"type": "string"}, "message": {"type": "string"},
    **{n: {"type": "integer", "nullable": True} for n in ("total", "created", "updated", "unchanged", "refused")},
    "errors": {"type": "array", "items": {"type": "object"}}, "errors_url": {"type": "string"},
}  # fmt: skip


def _options() -> Options:
    """Return how the address wants the file to be imported. Raises Refused for what it cannot want."""
    args = request.args
    given: dict[str, Any] = {"keys": tuple(args.getlist("key"))}
    given |= {n: args[n] for n in ("encoding", "sheet") if args.get(n)}
    allowed = {"mode": ("all", "good"), "writes": ("both", "insert", "update"), "delimiter": (",", "\t", ";", "|")}
    for name, values in allowed.items():
        if name in args:
            if args[name] not in values:
                raise Refused(say("{name} 只能是 {values}", name=name, values="、".join(values)))
            given[name] = args[name]
    for name, least, most in (("header_line", 1, 1_000_000), ("year", 1900, 9000)):
        if name in args:
            number = args.get(name, type=int)
            if number is None or not least <= number <= most:
                raise Refused(say("{name} 须为整数", name=name))
            given[name] = number
    return Options.given(given)


def _received(file: BinaryIO) -> int:
    """Put the request's file into ``file`` and return its size in bytes. Raises Refused where it holds none."""
    if request.mimetype == "multipart/form-data":
        part = request.files.get("file")
        if part is None:
            raise Refused(say("没有收到文件"))
        shutil.copyfileobj(part.stream, file)
    elif request.mimetype in TYPES:
        shutil.copyfileobj(request.stream, file)
    else:
        refused = Refused(say("请以 {types} 之一提交", types="、".join((*TYPES, "multipart/form-data"))))
        refused.status = 415
        raise refused
    size = file.tell()
    file.seek(0)
    return size


def _tried(register: str, file: BinaryIO, options: Options) -> Response:
    plan = make_plan(reading(), register, file, options)
    if plan.errors:
        raise Invalid(plan.errors)
    seen = look(reading(), plan)
    let_go()
    follows = foreseen.of_plan(current_panel(), current_actor(), plan, now=clock.now())
    return _json(200, {
        "dry_run": True, "total": seen.total, "new": seen.new, "changed": seen.changed, "unchanged": seen.unchanged,
        "refused": seen.refused, "error_count": seen.error_count, "errors": [cell(e) for e in seen.errors],
        "columns": {name: f.code if f else None for name, f in zip(seen.shape.columns, seen.matching.columns, strict=True)},
        "left_out": [{"column": name, "message": sentence(why)} for name, why in seen.matching.left_out],
        "follows": _follows(follows),
    })  # fmt: skip


def _follows(f: Foreseen) -> dict[str, Any]:
    return {
        "tried": f.tried, "whole": f.whole, "amount": str(f.amount),
        "obligations": [{"label": label(x.label), "count": x.count} for x in f.duties],
        "breaches": [{"label": label(x.label), "count": x.count, "amount": str(x.amount)} for x in f.breaches],
    }  # fmt: skip


def _reported(register: str, r: ImportReport) -> dict[str, Any]:
    url = f"{request.script_root}/api/v1/{register}/import/{r.run_id}"
    said = {
        "run": r.run_id, "state": r.state, "message": r.message, "url": url, "total": r.total, "created": r.created, "updated": r.updated,
        "unchanged": r.unchanged, "refused": r.refused, "errors": [cell(e) for e in r.errors],
    }  # fmt: skip
    return said | ({"errors_url": f"{url}/errors"} if r.errors_file else {})


def _storable(run: int) -> int:
    """Return a run's number. Raises Missing for one that no database could hold."""
    if run >= 1 << 63:
        raise Missing
    return run


def _json(status: int, body: Any) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json")
