"""What if: choose a draft and a period, watch it being tried, see who would have been late and what it would have cost."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import PurePosixPath
from typing import Any

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.errors import CellError, Invalid, Refused, say
from app.exchange.cells import guarded
from app.services import drafting, lookup, people, publishing, whatif
from app.services.panel import Work
from app.services.whatif import Sum, Trial
from app.web.actor import current_actor, current_panel, reading, writing
from app.web.cells import moment, record_url
from app.web.language import label
from app.web.pages.drafts import address
from app.web.pages.exports import file_answer
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action
from app.web.tickets import yuan

pages = Blueprint("whatif", __name__)

SHOWN = 500
"""Differences listed on the page; the file holds all of them."""
BARS = 15
STATES = {
    "waiting": ("等待", "warning"), "running": ("进行中", "active"), "cancelling": ("正在取消", "warning"), "cancelled": ("已取消", "plain"),
    "failed": ("失败", "danger"), "done": ("完成", "success"),
}  # fmt: skip
FACTS = {
    "duty": "时限责任", "started_at": "起算", "due_at": "逾期始于", "done_at": "完成", "occurred_at": "违规时间",
    "citation": "依据", "ordinal": "第几次", "factor": "倍数", "arithmetic": "算式",
}  # fmt: skip
"""What the explanation says of each side."""


def _root() -> str:
    return f"{request.script_root}/whatif"


def _offered(work: Work, paths: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the files in force by what they hold, each with its path and what people call it: registers, policies, the others."""
    found: dict[str, list[tuple[str, str]]] = {gettext("登记簿"): [], gettext("制度"): [], gettext("其他"): []}
    registers, policies, others = found.values()
    for path in sorted(paths):
        code = PurePosixPath(path).stem
        if (register := work.catalog.registers.get(code)) is not None:
            registers.append((path, f"{label(register.label)} · {path}"))
        elif (policy := work.catalog.policies.get(code)) is not None:
            policies.append((path, f"{code} {label(policy.label)}"))
        else:
            others.append((path, path))
    return {head: those for head, those in found.items() if those}


@pages.get("/whatif")
@signed_in
def trials() -> str:
    """Show the trials so far, and the form for another, with the text of a definition to edit where one is asked for."""
    work = reading()
    found = whatif.listed(work)
    names = people.names(work, [r["person"] for r in found if r["person"] is not None])
    files = publishing.current(current_panel().engine).files
    copied = request.args.get("copy", "")
    return render_template(
        "whatif.html", title=gettext("试算"), step="form", offered=_offered(work, files), copied=copied, text=files.get(copied, ""),
        first=work.today.replace(day=1) - timedelta(days=90), last=work.today,
        runs=[
            {
                "url": f"{_root()}/{r['id']}", "name": r["name"], "who": names.get(r["person"] or 0, ""), "at": moment(r["started_at"]),
                "period": f"{r['first_day']} – {r['last_day']}", "state": _state(r["state"]),
            }
            for r in found
        ],
    )  # fmt: skip


def _state(code: str) -> dict[str, str]:
    text, tone = STATES[code]
    return {"label": gettext(text), "tone": tone}


@pages.post("/whatif")
@signed_in
def begin() -> Response:
    """Note a trial and let a worker carry it out. Raises Forbidden, Invalid, Unsound."""
    files = {}
    for upload in request.files.getlist("files"):
        if upload.filename:
            try:
                files[upload.filename] = upload.stream.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise Refused(say("“{name}”不是 UTF-8 文本", name=upload.filename)) from None
    if path := request.form.get("path"):
        files[path] = request.form.get("text", "").replace("\r\n", "\n")
    first, last = (_days(name) for name in ("first", "last"))
    if len(first) != 1 or len(last) != 1:
        raise Invalid([CellError("first", say("请给出起日和止日"))])
    trial = Trial(files, _days("closed"), _days("opened"))
    with writing() as work:
        run = whatif.begin(work, request.form.get("name", ""), trial, first[0], last[0])
    if (by_worker := current_app.extensions.get("start_whatif")) is not None:
        by_worker(run)
    else:
        whatif.run(current_panel(), run, clock.now())
    return redirect(f"{_root()}/{run}", 303)


def _days(name: str) -> tuple[date, ...]:
    """Return the days that a field of the form holds, such as ``2026-10-01 2026-10-02``. Raises Invalid."""
    words = request.form.get(name, "").replace(",", " ").replace("，", " ").split()
    try:
        return tuple(date.fromisoformat(w) for w in words)
    except ValueError:
        raise Invalid([CellError(name, say("日期请写作 2026-10-01，多个日期以空格分开"))]) from None


@pages.get("/whatif/<int:run>")
@signed_in
def show(run: int) -> str:
    """Show how far a trial is, or what it found: sums, a chart and the differences one by one. Raises Missing, Forbidden."""
    work = reading()
    row = whatif.get(work, run)
    url = f"{_root()}/{run}"
    about = {"name": row["name"], "period": f"{row['first_day']} – {row['last_day']}", "state": _state(row["state"])}
    if row["state"] in (*whatif.OPEN, "cancelling"):
        stop = Action(gettext("取消"), f"{url}/cancel", "post", "ban", "danger")
        progress = {"done": row["done"], "total": row["total"], "url": f"{url}/progress"}
        return render_template(
            "whatif.html", title=row["name"], step="running", about=about, progress=progress, actions=[stop]
        )
    by = request.args.get("by", "person")
    if by not in whatif.GROUPS:
        by = "person"
    sort = request.args.get("sort", "difference")
    sums = _named(work, by, whatif.sums(work, run, by))
    total = Sum(None, *(sum(getattr(s, n) for _, s in sums) for n in ("was_count", "would_count")), *(
        sum((getattr(s, n) for _, s in sums), Decimal(0)) for n in ("was", "would")
    ))  # fmt: skip
    return render_template(
        "whatif.html", title=row["name"], step="result", about=about, message=row["message"], moved=row["moved"],
        tabs=[{"label": text, "url": f"{url}?by={code}&sort={sort}", "active": code == by} for code, text in _groups()],
        heads=[
            {"label": text, "num": code != "name", "url": f"{url}?by={by}&sort={code}", "sorted": code == sort}
            for code, text in (
                ("name", dict(_groups())[by]), ("was_count", gettext("现违规")), ("would_count", gettext("草稿违规")),
                ("was", gettext("现金额")), ("would", gettext("草稿金额")), ("difference", gettext("差额")),
            )
        ],
        sums=[_shown(name, s) for name, s in _sorted(sums, sort)], total=_shown(gettext("合计"), total), chart=_chart(_sorted(sums, sort)),
        lines=[_line(d, url) for d in whatif.lines(work, run, SHOWN)], csv_url=f"{url}/differences.csv",
        promote=f"{url}/promote" if Trial.from_text(row["draft"]).files and row["state"] == "done" and drafting.may(work) else "",
        today=work.today,
    )  # fmt: skip


def _groups() -> tuple[tuple[str, str], ...]:
    return (
        ("person", gettext("按人员")),
        ("unit", gettext("按部门")),
        ("month", gettext("按月份")),
        ("citation", gettext("按条款")),
    )


def _named(work: Work, by: str, sums: list[Sum]) -> list[tuple[str, Sum]]:
    keys = [s.key for s in sums if s.key is not None]
    names: dict[Any, str] = {}
    if by == "person":
        names = dict(people.names(work, keys))
    elif by == "unit":
        names = dict(lookup.titles(work, "unit", keys))
    return [(names.get(s.key, str(s.key) if s.key is not None else "—"), s) for s in sums]


def _sorted(sums: list[tuple[str, Sum]], sort: str) -> list[tuple[str, Sum]]:
    if sort in ("was_count", "would_count", "was", "would", "difference"):
        return sorted(sums, key=lambda s: (-abs(getattr(s[1], sort)), s[0]))
    return sorted(sums, key=lambda s: s[0])


def _shown(name: str, s: Sum) -> dict[str, Any]:
    sign = "+" if s.difference > 0 else ""
    return {
        "name": name, "was_count": s.was_count, "would_count": s.would_count, "was": yuan(s.was), "would": yuan(s.would),
        "difference": sign + yuan(s.difference), "tone": "is-late" if s.difference > 0 else "",
    }  # fmt: skip


def _chart(sums: list[tuple[str, Sum]]) -> list[dict[str, Any]]:
    """Return the bars of the chart, each as wide as its amount, 100 the widest."""
    widest = max([max(s.was, s.would) for _, s in sums[:BARS]], default=Decimal(0)) or Decimal(1)
    return [
        {
            "name": name, "y": 40 * n, "was": round(float(s.was / widest) * 400, 1), "would": round(float(s.would / widest) * 400, 1),
            "was_said": yuan(s.was), "would_said": yuan(s.would),
        }
        for n, (name, s) in enumerate(sums[:BARS])
    ]  # fmt: skip


def _line(d: dict[str, Any], url: str) -> dict[str, Any]:
    return {
        "url": f"{url}/{d['seq']}", "person": d["person_name"], "rule": d["rule_label"], "record": d["record_title"], "cite": d["citation"],
        "was": yuan(d["was_amount"]) if d["was"] else gettext("不违规"), "would": yuan(d["would_amount"]) if d["would"] else gettext("不违规"),
        "was_due": _day(d["was"]), "would_due": _day(d["would"]),
    }  # fmt: skip


def _day(side: dict[str, Any] | None) -> str:
    return (side or {}).get("due_on") or ""


@pages.get("/whatif/<int:run>/progress")
@signed_in
def progress(run: int) -> Response:
    """Answer how far a trial is. Raises Missing, Forbidden."""
    row = whatif.get(reading(), run)
    says = gettext("正在试算：%(done)s / %(total)s 条记录", done=row["done"], total=row["total"] or "…")
    going = row["state"] in (*whatif.OPEN, "cancelling")
    return jsonify(done=row["done"], total=row["total"] or 0, says=says, finished=not going)


@pages.post("/whatif/<int:run>/cancel")
@signed_in
def cancel(run: int) -> Response:
    """Ask a trial to stop. Raises Missing, Forbidden, Refused when it is over."""
    with writing() as work:
        whatif.cancel(work, run)
    flash(gettext("正在取消"), "info")
    return redirect(f"{_root()}/{run}", 303)


@pages.get("/whatif/<int:run>/differences.csv")
@signed_in
def differences(run: int) -> Response:
    """Send every difference that one may see. Raises Missing, Forbidden."""
    row = whatif.get(reading(), run)
    panel, actor = current_panel(), current_actor()
    heads = (
        "人员",
        "月份",
        "条款",
        "违规",
        "记录",
        "第几次",
        "现期限",
        "草稿期限",
        "现金额",
        "草稿金额",
        "现算式",
        "草稿算式",
    )

    def parts() -> Iterator[bytes]:
        yield b"\xef\xbb\xbf" + _csv(heads)
        with panel.reading(actor) as work:  # the request's own has ended by then
            for d in whatif.lines(work, run):
                was, would = d["was"] or {}, d["would"] or {}
                yield _csv((
                    d["person_name"], d["month"], d["citation"], d["rule_label"], d["record_title"], d["occurrence"], was.get("due_on"),
                    would.get("due_on"), d["was_amount"], d["would_amount"], was.get("arithmetic"), would.get("arithmetic"),
                ))  # fmt: skip

    return file_answer(parts(), f"{row['name']}.csv")


def _csv(cells: tuple[Any, ...]) -> bytes:
    out = StringIO()
    csv.writer(out).writerow(["" if c is None else guarded(str(c)) for c in cells])
    return out.getvalue().encode()


@pages.get("/whatif/<int:run>/<int:seq>")
@signed_in
def explain(run: int, seq: int) -> str:
    """Show one difference: due day and arithmetic now, and by the draft. Raises Missing, Forbidden."""
    work = reading()
    row, d = whatif.get(work, run), whatif.line(work, run, seq)
    facts = [
        {"label": gettext(text), "was": _said(d["was"], name), "would": _said(d["would"], name)}
        for name, text in FACTS.items()
        if _said(d["was"], name) or _said(d["would"], name)
    ]
    return render_template(
        "whatif.html", title=f"{d['rule_label']} · {d['record_title']}", step="line", about={"name": row["name"], "url": f"{_root()}/{run}"},
        person=d["person_name"], facts=facts, was=_line(d, "")["was"], would=_line(d, "")["would"],
        record_url=record_url(d["register"], d["record_id"]),
    )  # fmt: skip


def _said(side: dict[str, Any] | None, name: str) -> str:
    value = (side or {}).get(name)
    if value is None:
        return ""
    return moment(datetime.fromisoformat(value)) if name.endswith("_at") else str(value)


@pages.post("/whatif/<int:run>/promote")
@signed_in
def promote(run: int) -> Response:
    """Begin a draft of a trial's definitions, to be published from a day on. Raises Missing, Forbidden, Refused."""
    since, reason = _days("since"), request.form.get("reason", "").strip()
    if len(since) != 1 or not reason:
        raise Refused(say("请写明理由"))
    with writing() as work:
        number = whatif.promote(work, run, since[0], reason)
    return redirect(address(number), 303)
