"""Bringing a file into a register: choose, look what would happen, decide, watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, send_file
from flask import Response as File
from flask_babel import gettext
from sqlalchemy import RowMapping
from werkzeug.wrappers import Response

from app import clock
from app.catalog.register import RegisterSpec
from app.errors import Invalid, Missing
from app.exchange import column_choices, foreseen, importing, runs, undoing
from app.exchange.columns import exported
from app.exchange.foreseen import Foreseen
from app.exchange.importing import AlreadyImported, ImportReport, Preview
from app.exchange.plan import make_plan
from app.exchange.preview import SHOWN_ROWS, look
from app.exchange.runs import Options
from app.services import go_live, people, scope
from app.services.panel import Work
from app.web.actor import current_actor, current_panel, let_go, reading, writing
from app.web.cells import moment, record_url
from app.web.import_preview import STATUSES, counted, followed, rows, told
from app.web.import_settings import address, asked, columns, keep, keyable, mark, said_again, settings, unopened
from app.web.import_settings import correct as corrections
from app.web.language import label, sentence
from app.web.pages.signed_in import signed_in
from app.web.record_page import heading
from app.web.shapes import Action

pages = Blueprint("imports", __name__)

STATES = {
    "waiting": ("等待", "warning"), "running": ("进行中", "active"), "cancelling": ("正在取消", "warning"), "cancelled": ("已取消", "plain"),
    "failed": ("失败", "danger"), "done": ("完成", "success"),
}  # fmt: skip
UNDONE = ("已撤销", "plain")


def _page(spec: RegisterSpec, step: str, **more: Any) -> str:
    work = reading()
    fields = exported(spec, scope.fields_for(work, spec.code, "add"))
    return render_template(
        "import.html", register=heading(spec), step=step, upload_url=f"{request.script_root}/imports/{spec.code}",
        template_url=f"{request.script_root}/exports/{spec.code}/template.csv",
        columns=[label(f.label) for f in fields if f.typed and f.code != "state"],
        runs=_runs(work, spec), **more,
    )  # fmt: skip


def _runs(work: Work, spec: RegisterSpec) -> list[dict[str, Any]]:
    found = runs.visible_runs(work, spec.code, 20)
    names = people.names(work, [r["person"] for r in found if r["person"] is not None])
    return [
        {
            "at": moment(r["started_at"]), "who": names.get(r["person"] or 0, gettext("系统")), "file": _called(r), "rows": r["total"] or 0,
            "state": {"label": gettext(state), "tone": tone}, "url": _url(spec.code, r["id"]),
        }
        for r in found
        for state, tone in [UNDONE if r["undone_by"] is not None else STATES[r["state"]]]
    ]  # fmt: skip


def _called(run: RowMapping) -> str:
    if run["undoes"] is None:
        return str(run["file_name"])
    says = gettext("重做：%(file)s") if undoing.is_again(run) else gettext("撤销：%(file)s")
    return says % {"file": run["file_name"]}


def _url(register: str, run: int) -> str:
    return f"{request.script_root}/imports/{register}/{run}"


@pages.get("/imports/<register>")
@signed_in
def choose(register: str) -> str:
    """Ask for a file. Raises Missing, Forbidden."""
    return _page(scope.demand(reading(), register, "import"), "file")


@pages.post("/imports/<register>")
@signed_in
def upload(register: str) -> Response:
    """Keep a file and go on to its preview. Raises Missing, Forbidden, Refused without a file."""
    scope.demand(reading(), register, "import")
    return keep(lambda digest: _check(register, digest))


def _check(register: str, digest: str) -> str:
    return f"{request.script_root}/imports/{register}/check/{digest}"


@pages.get("/imports/<register>/check/<digest>")
@signed_in
def check(register: str, digest: str) -> str | Response:
    """Show what importing a file would do, cell by cell; writes nothing. Raises Missing, Forbidden."""
    work = reading()
    spec = scope.demand(work, register, "import")
    try:
        preview, follows = _looked(work, register, digest)
    except Invalid as invalid:
        wrong = "；".join(map(told, invalid.errors))
        return _page(spec, "check", error=wrong, settings=unopened(digest), given=_given(), choices=[], unread=True)
    if request.args.get("of") not in (None, mark(preview.shape.columns)):
        # what columns were chosen for was said of other headers, of another sheet or line
        gone = {name: None for name in request.args if name.startswith("m.") or name == "of"}
        return redirect(address(_check(register, digest), **gone))
    return _preview(spec, digest, preview, follows)


def _looked(work: Work, register: str, digest: str) -> tuple[Preview, list[Foreseen]]:
    """Return what an import would do and what would follow; where history owes nothing also what it would owe otherwise."""
    options = Options.given(asked())
    plan = make_plan(work, register, runs.kept(current_panel(), digest), options, column_choices.chosen(work, register))
    show, after = request.args.get("show", ""), request.args.get("after", 0, int)
    seen = look(work, plan, show if show in STATUSES else None, after)  # type: ignore[arg-type]  # its keys are the statuses
    if seen.file_errors or not seen.new + seen.changed or not plan.spec.duties + plan.spec.breaches:
        return seen, []
    asks = (False, True) if go_live.day(work, register) is not None else (False,)
    let_go()
    return seen, [foreseen.of_plan(current_panel(), current_actor(), plan, now=clock.now(), as_ever=a) for a in asks]


@pages.post("/imports/<register>/check/<digest>/corrections")
@signed_in
def correct(register: str, digest: str) -> Response:
    """Keep the cells that were corrected beside the preview and look again. Raises Missing, Forbidden."""
    scope.demand(reading(), register, "import")
    runs.kept(current_panel(), digest)
    return redirect(address(_check(register, digest), fix=corrections()), 303)


def _given() -> list[tuple[str, str]]:
    """Return the arguments that the settings of a file do not carry themselves."""
    return [(k, v) for k, v in request.args.items(multi=True) if k in ("name", "fix", "show")]


def _preview(
    spec: RegisterSpec,
    digest: str,
    preview: Preview,
    follows: Sequence[Foreseen] = (),
    again: bool = False,
    error: str = "",
) -> str:
    base = _check(spec.code, digest)
    total = {"total": preview.total, "again": 1 if again else None, "show": None, "after": None, **said_again(preview)}
    choices = []
    if not preview.file_errors:
        good = preview.total - preview.refused
        if not preview.refused:
            choices.append(Action(gettext("全部导入"), address(f"{base}/all", **total), "post", "check", "primary"))
        elif good:
            text = gettext("只导入没有错误的 %(n)s 行", n=good)
            choices.append(Action(text, address(f"{base}/good", **total), "post", "check", "warning"))
    show = request.args.get("show", "")
    counts = {
        "": preview.total, "new": preview.new, "changed": preview.changed, "unchanged": preview.unchanged, "refused": preview.refused,
    }  # fmt: skip
    tabs = [
        {"label": gettext(STATUSES.get(s, "全部")), "n": n, "url": address(base, show=s, after=None), "now": s == show}
        for s, n in counts.items()
    ]
    of = counts.get(show, preview.total)
    wrong = [told(e) for e in preview.file_errors]
    shown = columns(reading(), spec, preview)
    return _page(
        spec, "check", error="；".join([error] * bool(error) + wrong), choices=choices, **counted(preview),
        tabs=[] if wrong else tabs, more_url=address(base, after=preview.rows[-1].line) if SHOWN_ROWS == len(preview.rows) < of else "",
        keyable=keyable(preview), correct_url=address(f"{base}/corrections"), follows=[followed(f) for f in follows],
        since=go_live.day(reading(), spec.code), left_out=[{"name": name, "why": sentence(why)} for name, why in preview.matching.left_out],
        settings=settings(preview), given=_given(), headers_mark=mark(preview.shape.columns),
        preview={"columns": shown, "rows": rows(preview)},
    )  # fmt: skip


@pages.post("/imports/<register>/check/<digest>/<mode>")
@signed_in
def start(register: str, digest: str, mode: str) -> Response | tuple[str, int]:
    """Import a file that was looked at: all of it, or its good rows; long files by a worker. Raises Missing, Forbidden."""
    if mode not in ("all", "good"):
        raise Missing
    panel = current_panel()
    path = runs.kept(panel, digest)
    try:
        run = importing.prepare(
            panel, current_actor(), register, path, now=clock.now(), name=request.args.get("name", "")[:255],
            mode="all" if mode == "all" else "good", again=request.args.get("again") == "1", **asked(),
        )  # fmt: skip
    except AlreadyImported as already:
        spec = scope.demand(reading(), register, "import")
        preview, follows = _looked(reading(), register, digest)
        return _preview(spec, digest, preview, follows, again=True, error=sentence(already.reason)), 409
    _go(run, request.args.get("total", 0, int))
    return redirect(_url(register, run), 303)


def _go(run: int, rows: int) -> None:
    """Carry a run on: a long one by a worker, where there is one."""
    by_worker = current_app.extensions.get("start_import")
    if rows > importing.BACKGROUND and by_worker is not None:
        by_worker(run)
    else:
        importing.carry_on(current_panel(), run, now=clock.now())


def _own_run(register: str, run: int) -> ImportReport:
    """Return what came of a run that this person may know of. Raises Missing."""
    runs.demand(reading(), register, run)
    return runs.report(current_panel(), run)


@pages.get("/imports/<register>/<int:run>")
@signed_in
def show(register: str, run: int) -> str:
    """Show how far a run is, or what came of it. Raises Missing, Forbidden."""
    spec, report = scope.demand(reading(), register, "import"), _own_run(register, run)
    if report.going:
        stop = [Action(gettext("取消"), f"{_url(register, run)}/cancel", "post", "ban", "danger")]
        return _page(
            spec,
            "running",
            progress={"done": report.done, "total": report.total, "url": f"{_url(register, run)}/progress"},
            choices=stop,
        )
    if report.undoes is not None:
        return _page(spec, "done", result=_taken_back(report), kept=_kept_rows(register, report), errors_url="", choices=[
            Action(gettext("查看这次导入"), _url(register, report.undoes), "get", "arrow-left")
        ])  # fmt: skip
    text = gettext(
        "新增 %(new)s 条，更新 %(changed)s 条，未变 %(same)s 条，未导入 %(bad)s 条。",
        new=report.created, changed=report.updated, same=report.unchanged, bad=report.refused,
    )  # fmt: skip
    wrong = [f"{e.label or ''} {sentence(e.reason)}".strip() for e in report.errors[:5]]
    doubtful = report.refused or report.state == "cancelled"
    tone = "danger" if report.state == "failed" else "warning" if doubtful else "success"
    undone = gettext("这次导入已撤销。") if report.undone_by is not None else ""
    result = {"tone": tone, "text": " ".join([undone, report.message, text, *wrong]).strip()}
    errors_url = f"{_url(register, run)}/errors.xlsx" if report.errors_file else ""
    since = go_live.day(reading(), spec.code) if report.created + report.updated and report.undone_by is None else None
    would = None
    if since is not None and request.args.get("would"):
        would = followed(foreseen.of_run(current_panel(), register, run, now=clock.now()))
    return _page(
        spec, "done", result=result, errors_url=errors_url, choices=_undo(spec, report), since=since, would=would,
        would_url=f"{_url(register, run)}?would=1#would",
    )  # fmt: skip


def _undo(spec: RegisterSpec, report: ImportReport) -> list[Action]:
    """Return how this import may be taken back, or made again."""
    rows = report.created + report.updated
    if not rows or not undoing.may(reading(), spec.code):
        return []
    if report.undone_by is not None:
        says = gettext("撤销时收回的记录会恢复，改回的格会再改成文件里的样子。")
        return [
            Action(
                gettext("重做这次导入"),
                f"{_url(spec.code, report.run_id)}/redo",
                "post",
                "arrow-forward-up",
                confirm=says,
            )
        ]
    says = gettext(
        "收回新增的 %(new)s 条，把更新的 %(changed)s 条改回原样；之后有人改过的保留不动，并会列出。",
        new=report.created, changed=report.updated,
    )  # fmt: skip
    url = f"{_url(spec.code, report.run_id)}/undo"
    return [Action(gettext("撤销这次导入"), url, "post", "arrow-back-up", "danger", confirm=says)]


def _taken_back(report: ImportReport) -> dict[str, str]:
    again = undoing.is_again(runs.row_of(reading().connection, report.run_id))
    n = {"entries": report.created, "changes": report.updated, "kept": report.refused}
    text = (
        gettext("已恢复 %(entries)s 条记录，重新更新 %(changes)s 条，%(kept)s 条保留不动。", **n) if again
        else gettext("已收回新增的 %(entries)s 条，改回 %(changes)s 条，%(kept)s 条保留不动。", **n)
    )  # fmt: skip
    tone = "danger" if report.state == "failed" else "warning" if report.refused else "success"
    return {"tone": tone, "text": f"{report.message} {text}".strip()}


def _kept_rows(register: str, report: ImportReport) -> list[dict[str, str]]:
    return [
        {"number": e.text, "url": record_url(register, e.row or 0), "why": sentence(e.reason)} for e in report.errors
    ]


@pages.post("/imports/<register>/<int:run>/<any(undo, redo):step>")
@signed_in
def undo(register: str, run: int, step: str) -> Response:
    """Take an import back, or make it again; a long one by a worker. Raises Missing, Forbidden, Refused."""
    scope.demand(reading(), register, "import")
    report = _own_run(register, run)
    taking = undoing.begin(current_panel(), current_actor(), run, now=clock.now(), again=step == "redo")
    _go(taking, report.created + report.updated)
    return redirect(_url(register, taking), 303)


@pages.get("/imports/<register>/<int:run>/progress")
@signed_in
def progress(register: str, run: int) -> Response:
    """Answer how far a run is. Raises Missing."""
    report = _own_run(register, run)
    says = gettext("正在处理：%(done)s / %(total)s 行", done=report.done, total=report.total or "…")
    return jsonify(done=report.done, total=report.total or 0, says=says, finished=not report.going)


@pages.get("/imports/<register>/<int:run>/errors.xlsx")
@signed_in
def errors(register: str, run: int) -> File:
    """Send the refused rows with their reasons. Raises Missing."""
    report = _own_run(register, run)
    if report.errors_file is None or not report.errors_file.is_file():
        raise Missing
    return send_file(report.errors_file, as_attachment=True, download_name=report.errors_file.name)


@pages.post("/imports/<register>/<int:run>/cancel")
@signed_in
def cancel(register: str, run: int) -> Response:
    """Ask a run to stop. Raises Missing, Refused when it is over."""
    _own_run(register, run)
    with writing() as work:
        runs.cancel(work, run)
    flash(gettext("正在取消"), "info")
    return redirect(_url(register, run), 303)
