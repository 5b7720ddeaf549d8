"""Tickets: those that wait for one's decision, one's own, a month's; each with its Why."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from flask import Blueprint, flash, redirect, render_template, request, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import CellError, Invalid, Missing, Refused, say
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.numbers import Money, Percent
from app.services import files, ledger
from app.services.panel import Work
from app.web import tickets, why
from app.web.actor import reading, writing
from app.web.language import headed, label, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("fines", __name__)

_PAY = Money(code="pay", label=Label(zh="当月绩效工资", en="Performance pay of the month"))
_RATE = Percent(code="rate", label=Label(zh="扣罚比例", en="Share taken"))


@pages.get("/fines")
@signed_in
def fines() -> str:
    """Show tickets: to confirm, one's own, or all that one may see, of one month."""
    work = reading()
    waiting, appeals = ledger.to_confirm(work), ledger.to_judge(work)
    tab = request.args.get("tab") or ("confirm" if waiting else "appeals" if appeals else "mine")
    month = _month(work)
    whose = work.actor.person_id if tab == "mine" else None
    listed = {"confirm": waiting, "appeals": appeals}
    found = listed[tab] if tab in listed else ledger.tickets(work, month=f"{month:%Y-%m}", person=whose)
    root = f"{request.script_root}/fines"
    tabs = [
        {
            "label": text,
            "url": f"{root}?tab={code}",
            "active": tab == code,
            "count": len(listed[code]) if code in listed else None,
        }
        for code, text in (
            ("confirm", gettext("待我确认")), ("appeals", gettext("待我裁定的申诉")), ("mine", gettext("我的")), ("all", gettext("我可查看的")),
        )
        if code not in listed or listed[code] or tab == code or (code == "confirm" and ledger.confirms(work))
    ]  # fmt: skip
    counted = [t for t in found if t["state"] not in ("waived", "cancelled", "void")]
    return render_template(
        "fines.html", title=gettext("处罚单"), tabs=tabs, tickets=tickets.rows(work, found),
        month=_months(month, tab, root) if tab not in listed else None,
        total=tickets.yuan(sum((t["amount"] for t in counted), Decimal(0))),
        total_beside=tickets.beside(sum((t["points"] for t in counted), Decimal(0)), None), actions=_offers(work, month), tab=tab,
    )  # fmt: skip


def _month(work: Work) -> date:
    try:
        return date.fromisoformat(f"{request.args.get('month', '')}-01")
    except ValueError:
        return work.today.replace(day=1)


def _months(month: date, tab: str, root: str) -> dict[str, str]:
    before, after = (month - timedelta(days=1)), (month + timedelta(days=31))
    at = f"{root}?tab={tab}&month="
    return {"label": f"{month:%Y-%m}", "prev_url": f"{at}{before:%Y-%m}", "next_url": f"{at}{after:%Y-%m}"}


def _offers(work: Work, month: date) -> list[Action]:
    """Return the shares of pay that this person may decide on for the month."""
    found = []
    for o in ledger.offers(work, f"{month:%Y-%m}"):
        if o.decision is None:
            controls = [
                Control("pay", label(_PAY.label), "money", required=True, unit=gettext("元")),
                Control("rate", label(_RATE.label), "percent", required=True, unit="%"),
            ]
            limits = gettext(
                "%(name)s 当月第 %(n)s 次；%(least)s%% 至 %(most)s%%",
                name=o.name,
                n=o.count,
                least=o.offer.share_of_pay.min,
                most=o.offer.share_of_pay.max,
            )
            url = f"{request.script_root}/fines/offers/{o.counter}/{o.offer.code}/{o.person}/{o.month}"
            found.append(
                Action(
                    headed(label(o.offer.label), o.name), url, "post", "percentage", "danger", limits, True, controls
                )
            )
    return found


@pages.post("/fines/offers/<counter>/<offer>/<int:person>/<month>")
@signed_in
def decide(counter: str, offer: str, person: int, month: str) -> Response:
    """Take a share of a person's pay of a month. Raises Forbidden, Refused, Invalid."""
    try:
        pay, rate = _PAY.parse(request.form.get("pay", "")), _RATE.parse(request.form.get("rate", ""))
    except Unreadable as unreadable:
        raise Invalid([CellError("rate", unreadable.reason)]) from None
    if pay is None or rate is None:
        raise Invalid([CellError("rate", say("必填"))])
    with writing() as work:
        amount = ledger.decide(
            work, counter, offer, person, month, pay=pay, rate=rate, reason=request.form.get("reason", "")
        )
    flash(gettext("已决定：%(amount)s", amount=tickets.yuan(amount)), "success")
    return redirect(f"{request.script_root}/fines?tab=all&month={month}")


@pages.get("/fines/<int:number>")
@signed_in
def show(number: int) -> str:
    """Show why a ticket is what it is. Raises Missing."""
    return render_template("why.html", **why.page(reading(), number))


@pages.post("/fines/<int:number>/<move>")
@signed_in
def act(number: int, move: str) -> Response | tuple[str, int]:
    """Take a step with a ticket; what is refused is said on its page, with the reason as it was typed.

    Raises Missing.
    """
    reason = request.form.get("reason", "")
    try:
        with writing(reason=reason) as work:
            if move == "appeal":
                ledger.appeal(work, number, reason, _evidence(work))
            else:
                ledger.act(work, number, move, reason)
    except Missing:
        raise
    except Refused as refused:
        said = sentence(refused.reason)
        page = why.page(reading(), number, refused=(move, reason, said))
        return render_template("why.html", **page), refused.status
    flash(gettext("已办理"), "success")
    back = request.referrer or ""
    return redirect(back if back.startswith(request.host_url) else tickets.url(number))


def _evidence(work: Work) -> list[int]:
    """Return the attachment that came with an appeal, if one did."""
    given = request.files.get("file")
    if given is None or not given.filename:
        return []
    try:
        return [files.store(work, tickets.FILE, given.filename, given.stream)]
    except Unreadable as unreadable:
        raise Invalid([CellError("file", unreadable.reason)]) from None


@pages.get("/fines/<int:number>/files/<int:attachment>")
@signed_in
def evidence(number: int, attachment: int) -> Response:
    """Give a file of an appeal to those who may see the ticket. Raises Missing."""
    found = ledger.file(reading(), number, attachment)
    answer = send_file(found.path, found.content_type, as_attachment=True, download_name=found.name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
