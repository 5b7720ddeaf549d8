"""The grid's page and everything it reads: windows, totals, groups, values, board, calendar, files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.catalog.register import SYSTEM
from app.errors import Refused, say
from app.exchange.columns import exported
from app.exchange.exporting import Wanted
from app.fields.label import Label
from app.fields.links import Person
from app.services import editions, grouping, jumping, listing, lookup, records, scope, totals, watching
from app.services import views as saved
from app.services.filtering import Filter, Part
from app.services.panel import Work
from app.web import obligations
from app.web.actor import reading
from app.web.cells import until
from app.web.grid import asked, cells
from app.web.grid.cells import Sheet
from app.web.grid.schema import heading, schema, transition
from app.web.grid.views import shown
from app.web.language import label, language
from app.web.pages.exports import send
from app.web.pages.signed_in import signed_in
from app.web.tabs import list_actions, tabs

pages = Blueprint("grid", __name__, url_prefix="/grid/<register>")

WINDOW, LARGEST = 100, 500
MODES = ("grid", "board", "calendar")
_PERSON = Person(code="person", label=Label(zh="责任人"))


@pages.get("")
@signed_in
def grid(register: str) -> str:
    """Show the grid; ``?view=`` opens a saved one. Raises Missing, Forbidden."""
    work = reading()
    spec = scope.demand(work, register, "read")
    wanted = request.args.get("view", type=int)
    if wanted is not None:
        saved.one(work, register, wanted)
    url = f"{request.script_root}/grid/{register}"
    mode = request.args.get("mode", "grid")
    return render_template(
        "grid.html", title=label(spec.label), register=heading(spec), grid_url=url, schema_url=f"{url}/schema",
        list_url=f"{request.script_root}/registers/{register}/list/", view_id=wanted, views=shown(work, spec),
        mode=mode if mode in MODES else "grid", tabs=tabs(spec, mode), actions=list_actions(work, spec),
        may_move=bool(spec.workflow), may_export=scope.may(work, register, "export"), may_delete=scope.may(work, register, "delete"),
    )  # fmt: skip


@pages.get("/schema")
@signed_in
def describe(register: str) -> Response:
    """Answer columns, states, transitions, views and what this person may do. Raises Missing, Forbidden."""
    return asked.answer(schema(reading(), reading().spec(register)))


def _meant(work: Work, register: str, body: Any) -> tuple[list[Part], str]:
    return asked.filters(work, register, body.get("filter")), asked.text(body.get("search"))


@pages.post("/window")
@signed_in
def window(register: str) -> Response:
    """Answer the rows of a window; counts nothing. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    spec = scope.demand(work, register, "read")
    filters, search = _meant(work, register, body)
    offset = asked.number(body.get("offset"), "offset", 0)
    limit = max(1, asked.number(body.get("limit"), "limit", WINDOW, LARGEST))
    sort = grouping.sort_of(asked.groups(body.get("group")), asked.sort(body.get("sort")))
    after, before = asked.text(body.get("after"), 4_000) or None, asked.text(body.get("before"), 4_000) or None
    options: dict[str, Any] = {"filters": filters, "search": search, "sort": sort, "limit": limit}
    if after or before:
        found = listing.page(work, register, after=after, before=before, **options)
    else:
        told = asked.number(body["total"], "total", 0) if body.get("total") is not None else None
        found = jumping.page(work, register, offset=offset, told=told, **options)
    sheet = Sheet(work, spec, asked.words(body.get("columns"), "columns"))
    return asked.answer({
        "offset": offset, **sheet.answer(found.ids), "next": found.after, "prev": found.before, "end": found.end,
        "since": str(watching.now(work, register)),
    })  # fmt: skip


@pages.post("/rows")
@signed_in
def rows(register: str) -> Response:
    """Answer some records as a window shows them, and which of them are not to be seen. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    spec = scope.demand(work, register, "read")
    wanted = asked.ids(body.get("ids"))
    found = Sheet(work, spec, asked.words(body.get("columns"), "columns")).answer(wanted)
    there = {row[0] for row in found["rows"]}
    return asked.answer({**found, "gone": [i for i in wanted if i not in there]})


@pages.post("/total")
@signed_in
def total(register: str) -> Response:
    """Answer how many rows there are and the sums asked for. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    filters, search = _meant(work, register, body)
    sums = asked.words(body.get("sums"), "sums") or []
    found = totals.total(work, register, filters=filters, search=search, sums=sums, exact=body.get("exact") is True)
    return asked.answer({"count": found.count, "exact": found.exact, "sums": _sums(work, register, found.sums)})


def _sums(work: Work, register: str, found: Any) -> dict[str, Any]:
    spec = work.spec(register)
    told = {}
    for code, s in found.items():
        places = getattr(spec.field(code), "places", None)
        total = f"{s.sum:.{places or 0}f}"
        average = None if s.average is None else f"{s.average:.{2 if places is None else places}f}"
        told[code] = {"sum": total, "average": average, "filled": s.filled}
    return told


@pages.post("/groups")
@signed_in
def groups(register: str) -> Response:
    """Answer the groups of a list with their sizes. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    filters, search = _meant(work, register, body)
    by = asked.groups(body.get("group"))
    limit = max(1, asked.number(body.get("limit"), "limit", 200, 1_000))
    sums = asked.words(body.get("sums"), "sums") or []
    found, more = grouping.groups(work, register, by, filters=filters, search=search, sums=sums, limit=limit)
    fields, names = [grouping.groupable(work, register, g.field) for g in by], cells.Names(work)
    told = []
    for group in found:
        values = []
        for g, f, value in zip(by, fields, group.values, strict=True):
            names.want(f, [value])
            values.append(value if g.by or value is None else cells.cell(f, value))
        told.append(
            {"values": values, "count": group.count, "offset": group.offset, "sums": _sums(work, register, group.sums)}
        )
    return asked.answer({"groups": told, "names": names.found(), "more": more})


@pages.post("/values")
@signed_in
def values(register: str) -> Response:
    """Answer the values of a column in a list, commonest first. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    filters, search = _meant(work, register, body)
    code, limit = asked.text(body.get("field")), max(1, asked.number(body.get("limit"), "limit", 100, 200))
    found, more, sampled = grouping.values(
        work, register, code, filters=filters, search=search, typed=asked.text(body.get("q")), limit=limit
    )
    field, names = work.spec(register).column(code) or SYSTEM["remark"], cells.Names(work)
    names.want(field, [v for v, _ in found])
    told = [{"value": v if isinstance(v, str) else cells.cell(field, v), "count": n} for v, n in found]
    return asked.answer({"values": told, "names": names.found(), "more": more, "sampled": sampled})


@pages.post("/board")
@signed_in
def board(register: str) -> Response:
    """Answer the first records of each state and how many there are. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    spec = scope.demand(work, register, "read")
    filters, search = _meant(work, register, body)
    limit = max(1, asked.number(body.get("limit"), "limit", 50, 100))
    found = grouping.by_state(work, register, filters=filters, search=search, limit=limit)
    sheet = Sheet(work, spec, asked.words(body.get("columns"), "columns"))
    lines = {row[0]: row for row in sheet.rows([i for _, ids in found.values() for i in ids])}
    states = [
        {"code": s.code, "label": label(s.label), "tone": s.tone, "count": found[s.code][0],
         "rows": [lines[i] for i in found[s.code][1] if i in lines]}
        for s in (spec.workflow.states if spec.workflow else ())
    ]  # fmt: skip
    return asked.answer({"columns": list(sheet.columns), "states": states, "names": sheet.names.found()})


@pages.post("/calendar")
@signed_in
def calendar(register: str) -> Response:
    """Answer what is due on each day of a month. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    filters, search = _meant(work, register, body)
    month = asked.month(body.get("month"))
    found = grouping.due_in_month(work, register, month, filters=filters, search=search, mine=body.get("mine") is True)
    owed = [o for _, entries in found.values() for o in entries]
    titles, names = lookup.titles(work, register, [o["record_id"] for o in owed]), cells.Names(work)
    names.want(_PERSON, [o["person"] for o in owed])

    def entry(o: dict[str, Any]) -> dict[str, Any]:
        duty = editions.catalog_of(work, o["revision"]).duties.get((register, o["duty"]))
        role = work.catalog.roles.get(o["role"] or "")
        return {
            "id": o["record_id"], "title": titles.get(o["record_id"], ""), "duty": o["duty"],
            "label": label(duty.label) if duty else o["duty"], "due": until(o["due_at"]), "person": o["person"],
            "role": label(role.label) if role else "", "late": o["due_at"] <= work.now, "cite": o["citation"],
            "why": obligations.url(o["id"]),
        }  # fmt: skip

    days = {
        day.isoformat(): {"count": count, "entries": [entry(o) for o in entries]}
        for day, (count, entries) in found.items()
    }
    return asked.answer({"month": f"{month:%Y-%m}", "days": days, "names": names.found()})


@pages.post("/moves")
@signed_in
def moves(register: str) -> Response:
    """Answer the transitions that this person may make with some records now. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    spec = scope.demand(work, register, "read")
    wanted = asked.ids(body.get("ids"), 100)
    seen = {r["id"] for r in listing.rows_of(work, register, wanted, columns=())} if wanted else set()
    found = {
        i: [transition(work, spec, m.transition) for m in records.moves(work, register, i)] for i in wanted if i in seen
    }
    return asked.answer({"moves": found})


@pages.post("/export")
@signed_in
def export(register: str) -> Response:
    """Send the chosen rows, or all of a list, as a file. Raises Missing, Forbidden, Refused."""
    work, body = reading(), asked.body()
    spec = scope.demand(work, register, "export")
    filters, search = _meant(work, register, body)
    if body.get("ids") is not None:
        filters.append(Filter("id", "in", tuple(asked.ids(body["ids"], 10_000))))
    order, wanted = asked.sort(body.get("sort")), asked.words(body.get("columns"), "columns")
    known = [f.code for f in exported(spec, scope.fields_for(work, register))]
    columns = None if wanted is None else [c for c in dict.fromkeys(wanted) if c in known]
    form, encoding = body.get("form", "csv"), body.get("encoding", "utf-8-sig")
    if form not in ("csv", "xlsx") or encoding not in ("utf-8-sig", "gb18030"):
        raise Refused(say("不能导出成这种文件"))
    keyed = body.get("keyed") is True
    return send(register, Wanted(filters, search, order, columns, keyed, form, encoding, language()))
