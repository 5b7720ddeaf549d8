"""Playing a case: its steps through the real doors, people and things under the names that the case gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.catalog.register import RegisterSpec
from app.errors import Invalid, Refused
from app.exchange import importing
from app.fields.links import File
from app.models.ledger import ticket
from app.services import adoption, files, ledger, listing, lookup, publishing, records, sweep
from app.services.panel import Actor, Work
from tests.cases import offices
from tests.cases.reading import Case, Placed, Step, moment
from tests.site import SHANGHAI, Site

PEOPLE = {
    "销售顾问甲": "sales1", "销售顾问乙": "sales2", "销售总监": "saleshead", "服务顾问甲": "service1", "服务顾问乙": "service2",
    "档案管理员": "archive", "客户总监": "director", "信息专员": "specialist", "客服经理": "csmanager", "投诉专员": "clerk",
    "总经理": "gm", "人事": "hr", "客户关系经理": "crm", "客服主管": "supervisor", "物业助理": "assistant", "外人": "stranger",
    "管理员": "admin",
}  # fmt: skip
"""The people of the small company (tests/site.py) under the names that cases use."""
DECISIONS = frozenset({"confirm", "waive", "cancel", "execute", "appeal", "uphold", "withdraw", "reinstate"})
NTH = re.compile(r"第(\d+)次")


class Wrong(AssertionError):
    """What a case expected and what was the case instead, with the file and line of the step."""


@dataclass
class Play:
    """A case under way on a site: the moment it has reached and what its names stand for."""

    site: Site
    case: Case
    folder: Path
    now: datetime = field(default_factory=lambda: moment("2025-01-01 08:00"))
    names: dict[str, tuple[str, int]] = field(default_factory=dict)
    made: int = 0
    acting: str = "系统"
    """Who does the present step."""
    stood: float = 0.0
    """What the stopwatch of the case showed at the last wake-up."""

    def user(self, name: str) -> str:
        """Return the user name of a person of the case."""
        return self.case.people.get(name) or PEOPLE.get(name) or name

    def person(self, name: str) -> int:
        """Return the id of a person of the case."""
        return self.site.ids[self.user(name)]

    def actor(self, name: str) -> Actor:
        """Return a person of the case, or the panel itself, as who acts."""
        return Actor.system() if name == "系统" else self.site.actor(self.user(name))

    def thing(self, name: str) -> tuple[str, int]:
        """Return register and id of a record of the case."""
        if name not in self.names:
            raise Wrong(f"没有名为“{name}”的记录；已有：{'、'.join(self.names) or '无'}")
        return self.names[name]

    def spec(self, word: str) -> RegisterSpec:
        """Return the register of a code or Chinese name."""
        found = self.site.panel.catalog.registers
        spec = found.get(word) or next((r for r in found.values() if r.label.zh == word), None)
        if spec is None:
            raise Wrong(f"没有名为“{word}”的登记簿")
        return spec

    def values(self, spec: RegisterSpec, written: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields under their codes with values as a form would give them."""
        return {c: self._value(spec, c, v) for w, v in written.items() for c in [self.column(spec, w)]}

    def column(self, spec: RegisterSpec, word: str) -> str:
        """Return the code of a field of a code or Chinese name."""
        if spec.column(word) is not None:
            return word
        found = next((f.code for f in spec.fields if f.label.zh == word), None)
        if found is None:
            raise Wrong(f"“{spec.label.zh}”没有名为“{word}”的字段")
        return found

    def _value(self, spec: RegisterSpec, code: str, value: Any) -> Any:
        kind = getattr(spec.column(code), "type", "text")
        if isinstance(value, list):
            return tuple(self._value(spec, code, v) for v in value)
        if value is None:
            return None
        match kind:
            case "person":
                return self.person(value)
            case "unit":
                return self.site.units[value]
            case "reference":
                return self._reference(spec, code, value)
            case "moment":
                return moment(value)
            case "file":
                number = self._upload(spec, code, value)
                return (number,) if spec.field(code).many else number
            case "money" | "decimal" | "percent":
                return Decimal(str(value))
            case "text" | "long_text":
                return str(value).replace("{n}", f"{self.made:06}")
        return value

    def _upload(self, spec: RegisterSpec, code: str, name: str) -> int:
        """Keep a file of a name, handed in by who acts, and return its number."""
        field = spec.field(code)
        assert isinstance(field, File)
        with self.site.panel.work(self.actor(self.acting), now=self.now) as work:
            return files.store(work, field, name, BytesIO(b"%PDF-1.4 " + name.encode()))

    def _reference(self, spec: RegisterSpec, code: str, word: str) -> int:
        if word in self.names:
            return self.names[word][1]
        target = getattr(spec.column(code), "register_code", "")
        with self.site.panel.reading(Actor.system()) as work:
            found = [r["id"] for r in listing.select_rows(work, target, search=word)]
        if len(found) != 1:
            raise Wrong(f"“{word}”不是一条“{target}”记录")
        return int(found[0])

    def run(self) -> None:
        """Play all steps. Raises Wrong, naming the step, where something is not as expected."""
        for placed in self.case.steps:
            if placed.step.when is not None:
                self.now = moment(placed.step.when)
            try:
                self._play(placed)
            except Wrong as wrong:
                raise Wrong(f"{placed.place}: {wrong}") from None

    def _play(self, placed: Placed) -> None:
        step = placed.step
        self.acting = step.who
        try:
            getattr(self, "do_" + ("decide" if step.doing in DECISIONS else step.doing))(step)
        except Refused as refused:
            words = "；".join(map(str, refused.errors)) if isinstance(refused, Invalid) else str(refused)
            if step.refused is None or step.refused not in words:
                raise Wrong(f"被拒绝：{words}") from refused
            return
        if step.refused is not None:
            raise Wrong(f"本应被拒绝（{step.refused}），却办成了")

    def work(self, step: Step) -> Any:
        """Give one unit of work of the person and the moment of a step."""
        return self.site.panel.work(self.actor(step.who), now=self.now)

    def do_enter(self, step: Step) -> None:
        spec = self.spec(step.enter or "")
        self.made += 1
        values = self.values(spec, step.fields)
        with self.work(step) as work:
            entered = records.create(work, spec.code, values)
        self.names[step.name or f"{spec.label.zh}{self.made}"] = spec.code, entered

    def do_find(self, step: Step) -> None:
        """Give a name to a record that the panel made, such as an order to correct: the nth of those with these fields."""
        spec = self.spec(step.find or "")
        wanted = self.values(spec, step.fields)
        with self.site.panel.reading(Actor.system()) as work:
            found = [r for r in listing.select_rows(work, spec.code, order="id")]
        fitting = [r["id"] for r in found if all(r[k] == v for k, v in wanted.items())]
        if len(fitting) < step.nth:
            raise Wrong(f"“{spec.label.zh}”中符合的记录只有 {len(fitting)} 条")
        self.names[step.name] = spec.code, fitting[step.nth - 1]

    def do_import(self, step: Step) -> None:
        spec = self.spec(step.import_ or "")
        rows = step.rows.replace("{n}", f"{self.made:06}")
        self.made += 1
        for name in (n for n in self.names if f"〔{n}〕" in rows):
            register, record_id = self.names[name]
            rows = rows.replace(f"〔{name}〕", str(self.site.read(register, record_id)["record_no"]))
        for name in {**PEOPLE, **self.case.people}:
            rows = re.sub(rf"(?<![^,\n]){name}(?![^,\n])", self.user(name), rows)
        file = self.folder / f"{spec.code}-{self.made}.csv"
        file.write_text(rows, encoding="utf-8-sig")
        report = importing.run(self.site.panel, self.actor(step.who), spec.code, file, now=self.now)
        if report.state != "done":
            raise Refused(f"{report.message} {report.errors}")
        with self.site.panel.reading(Actor.system()) as work:
            ids = [r["id"] for r in listing.select_rows(work, spec.code, order="id")]
        if step.names:
            self.names |= {n: (spec.code, i) for n, i in zip(step.names, ids[-len(step.names) :], strict=True)}

    def do_change(self, step: Step) -> None:
        register, record_id = self.thing(step.change or "")
        values = self.values(self.spec(register), step.fields)
        with self.work(step) as work:
            records.update(work, register, record_id, values, reason=step.reason)

    def do_move(self, step: Step) -> None:
        register, record_id = self.thing(step.move or "")
        spec = self.spec(register)
        transitions = spec.workflow.transitions if spec.workflow else ()
        code = next((t.code for t in transitions if step.step in (t.code, t.label.zh)), step.step)
        values = self.values(spec, step.fields)
        with self.work(step) as work:
            records.move(work, register, record_id, code, values, reason=step.reason)

    def do_remove(self, step: Step) -> None:
        with self.work(step) as work:
            records.remove(work, *self.thing(step.remove or ""), reason=step.reason)

    def do_restore(self, step: Step) -> None:
        with self.work(step) as work:
            records.restore(work, *self.thing(step.restore or ""), reason=step.reason)

    def do_report(self, step: Step) -> None:
        register, record_id = self.thing(step.report or "")
        rules = self.spec(register).breaches
        code = next((b.code for b in rules if step.breach in (b.code, b.label.zh)), step.breach)
        with self.work(step) as work:
            ledger.report(work, register, record_id, code, self.person(step.person), quantity=step.items)

    def do_decide(self, step: Step) -> None:
        with self.work(step) as work:
            ledger.act(work, self.ticket(work, getattr(step, step.doing)), step.doing, step.reason)

    def do_share(self, step: Step) -> None:
        """Take a share of a month's performance pay, where the counter has opened the decision."""
        person = self.person(step.share or "")
        counter, offer = self._offer()
        with self.work(step) as work:
            taken = ledger.decide(
                work, counter, offer, person, step.month, pay=Decimal(str(step.pay)), rate=Decimal(str(step.rate)), reason=step.reason
            )  # fmt: skip
        if taken != Decimal(str(step.amount)):
            raise Wrong(f"扣罚绩效应为 {step.amount}，实为 {taken}")

    def _offer(self) -> tuple[str, str]:
        offers = [(c.code, o.code) for c in self.site.panel.catalog.counters.values() for o in c.offers]
        return offers[0]

    def do_sweep(self, step: Step) -> None:
        sweep.run(self.site.panel, self.now)

    def do_nights(self, step: Step) -> None:
        assert step.nights is not None
        day = step.nights.first
        while day <= step.nights.last:
            self.now = moment(f"{day} 00:05")
            sweep.run(self.site.panel, self.now)
            day += timedelta(days=1)

    def do_publish(self, step: Step) -> None:
        """Publish the definitions in force with words of some files replaced."""
        assert step.publish is not None
        engine = self.site.panel.engine
        files = dict(publishing.current(engine).files)
        for path, changes in step.publish.replace.items():
            for old, new in changes:
                if old not in files.get(path, ""):
                    raise Wrong(f"{path} 中没有“{old}”")
                files[path] = files[path].replace(old, new)
        since = step.publish.in_force_from
        done = publishing.publish(
            engine, files, actor=Actor.system(), reason="改制度", now=self.now, zone=SHANGHAI, in_force_from=since
        )
        panel = publishing.open_panel(engine, done, self.site.panel.calendar, SHANGHAI, self.site.panel.files)
        self.site = replace(self.site, panel=panel)

    def do_adopt(self, step: Step) -> None:
        unit = self.site.units[step.unit] if step.unit else None
        with self.work(step) as work:
            adoption.adopt(work, unit, step.adopt or [], step.from_ or work.today)

    def do_calendar(self, step: Step) -> None:
        offices.set_days(self, step)

    def do_recalculate(self, step: Step) -> None:
        offices.recalculate(self, step)

    def do_approve(self, step: Step) -> None:
        offices.approve(self, step)

    def do_close(self, step: Step) -> None:
        offices.close(self, step)

    def do_wake(self, step: Step) -> None:
        offices.wake(self, step, moment("2025-01-01 08:00"))

    def do_release(self, step: Step) -> None:
        offices.release(self, step)

    def do_expect(self, step: Step) -> None:
        from tests.cases import expecting

        assert step.expect is not None
        expecting.compare(self, step.expect)

    def ticket(self, work: Work, words: str) -> int:
        """Return the ticket that words such as ``销售顾问甲 2025-03 第2次`` or ``车A D4`` single out."""
        t = ticket.c
        query = select(t.id)
        for word in words.split():
            if nth := NTH.fullmatch(word):
                query = query.where(t.ordinal == int(nth[1]))
            elif re.fullmatch(r"\d{4}-\d{2}", word):
                query = query.where(t.month == word)
            elif word in self.names:
                query = query.where(t.register == self.names[word][0], t.record_id == self.names[word][1])
            elif self.user(word) in self.site.ids:
                query = query.where(t.person == self.person(word))
            else:
                query = query.where(t.clause == word)
        found = work.connection.execute(query.order_by(t.id)).scalars().all()
        if len(found) != 1:
            raise Wrong(f"“{words}”应指一张处罚单，实有 {len(found)} 张")
        return int(found[0])

    def title(self, work: Work, register: str, record_id: int) -> str:
        """Return a record's name in the case, or its title."""
        known = next((n for n, t in self.names.items() if t == (register, record_id)), None)
        return known or lookup.titles(work, register, [record_id]).get(record_id, str(record_id))
