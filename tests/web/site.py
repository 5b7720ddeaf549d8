"""A small site for the web: definitions, people who stand differently to one record, and browsers signed in as each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from werkzeug.datastructures import FileStorage
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse, encode_multipart

from app import factory
from app.models import migrate
from app.models.engine import open_engine
from app.models.fixed import adoption, person, person_role, role
from app.services import people, publishing, records
from app.services.panel import Actor, Panel
from config import Settings

NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
PASSWORD = "Correct-Horse-9"
PASSWORD_HASH = generate_password_hash(PASSWORD, "pbkdf2:sha256:1")

ROLES = """
roles:
  - {code: clerk, label: {zh: 文员, en: Clerk}}
  - {code: chief, label: {zh: 主管, en: Chief}}
  - {code: auditor, label: {zh: 稽核, en: Auditor}}
  - {code: system_admin, label: {zh: 系统管理员, en: System administrator}}
  - {code: payroll, label: {zh: 薪资, en: Payroll}, may: [close_months]}
  - {code: head, label: {zh: 负责人, en: Head}, may: [reopen_months]}
---
domains:
  - {code: org, label: {zh: 组织, en: Organisation}, icon: sitemap}
  - {code: service, label: {zh: 服务, en: Service}, icon: headset}
"""

POLICIES = """
policy: P1
label: {zh: 投诉办法, en: Complaint rules}
articles:
  - {article: A1, text: {zh: 每件投诉登记并编号。, en: Every complaint is entered and numbered.}}
  - {article: D1, text: {zh: 逾期未办结每件罚款五十元。, en: Fifty yuan for each late case.}}
---
policy: P9
label: {zh: 无人施行, en: Adopted by nobody}
articles:
  - {article: A1, text: {zh: 无。, en: None.}}
"""

REGISTERS = """
code: unit
label: {zh: 部门, en: Unit}
domain: org
title: [name]
fields:
  - {code: name, label: {zh: 名称, en: Name}, type: text, required: true, unique: true, basis: impl}
  - {code: parent, label: {zh: 上级部门, en: Parent}, type: reference, register: unit, basis: impl}
  - {code: head, label: {zh: 负责人, en: Head}, type: person, basis: impl}
access: [{role: everyone, can: [read]}]
---
code: employee
label: {zh: 员工, en: Employee}
domain: org
title: [person]
fields:
  - {code: person, label: {zh: 人员, en: Person}, type: person, required: true, unique: true, basis: impl}
  - {code: superior, label: {zh: 上级, en: Superior}, type: person, basis: impl}
access: [{role: everyone, can: [read]}]
---
code: customer
label: {zh: 客户, en: Customer}
domain: service
title: [name]
fields:
  - {code: name, label: {zh: 客户名称, en: Name}, type: text, required: true, basis: impl}
  - {code: phone, label: {zh: 电话, en: Phone}, type: text, basis: impl}
access:
  - {role: clerk, can: [read, add, edit]}
  - {role: chief, can: [read]}
---
code: complaint
label: {zh: 投诉, en: Complaint}
domain: service
cite: {policy: P1, article: A1}
number: "TS-{yyyy}-{seq:4}"
title: [subject]
fields:
  - {code: subject, label: {zh: 事由, en: Subject}, type: text, required: true, basis: P1-A1}
  - {code: case_no, label: {zh: 外部编号, en: External no.}, type: text, unique: true, basis: impl}
  - {code: detail, label: {zh: 详情, en: Detail}, type: long_text, basis: impl}
  - {code: customer, label: {zh: 客户, en: Customer}, type: reference, register: customer, basis: impl}
  - {code: second, label: {zh: 关联客户, en: Other customer}, type: reference, register: customer, basis: impl}
  - {code: handler, label: {zh: 跟进人, en: Handler}, type: person, basis: impl}
  - {code: helpers, label: {zh: 协办人, en: Helpers}, type: person, several: true, basis: impl}
  - {code: kind, label: {zh: 类别, en: Kind}, type: choice, choices: {质量: Quality, 服务: Service}, basis: impl}
  - {code: tags, label: {zh: 标签, en: Tags}, type: choices, choices: [首保, 返修, 媒体], basis: impl}
  - {code: amount, label: {zh: 金额, en: Amount}, type: money, basis: impl}
  - {code: score, label: {zh: 评分, en: Score}, type: integer, min: 0, max: 9, basis: impl}
  - {code: rate, label: {zh: 比例, en: Share}, type: percent, basis: impl}
  - {code: nth, label: {zh: 第几次, en: Which time}, type: integer, summed: false, basis: impl}
  - {code: urgent, label: {zh: 紧急, en: Urgent}, type: yes_no, basis: impl}
  - {code: happened_on, label: {zh: 发生日期, en: Happened on}, type: date, basis: impl}
  - {code: received_at, label: {zh: 接到时间, en: Received at}, type: moment, basis: impl}
  - {code: scan, label: {zh: 扫描件, en: Scan}, type: file, extensions: [pdf, txt], max_mb: 1, basis: impl}
  - {code: post, label: {zh: 岗位, en: Post}, type: role, basis: impl}
  - {code: verdict, label: {zh: 内部意见, en: Verdict}, type: text, seen_by: [chief], edited_by: [chief], basis: impl}
  - {code: result, label: {zh: 处理结果, en: Result}, type: text, basis: impl}
  - {code: closed_by, label: {zh: 结案人, en: Closed by}, type: signature, by: [clerk], basis: impl}
workflow:
  states:
    - {code: open, label: {zh: 处理中, en: Open}, tone: active}
    - {code: closed, label: {zh: 已结案, en: Closed}, tone: success, locked: true}
  transitions:
    - {code: close, label: {zh: 结案, en: Close}, from: open, to: closed, by: [clerk], needs: [result], sign: closed_by}
    - {code: reopen, label: {zh: 重开, en: Reopen}, from: closed, to: open, by: [chief], reason: true}
duties:
  - code: answer
    label: {zh: 按时答复, en: Answer in time}
    owed_by: handler
    starts: received_at
    done: result
    within: [{working_days: 3, cite: {policy: P1, article: D1}}]
    breach: late
breaches:
  - code: late
    label: {zh: 逾期答复, en: Late answer}
    clause: D1
    cite: {policy: P1, article: D1}
    counter: month
    amount: [{money: "50", per: case, cite: {policy: P1, article: D1}}]
    confirmed_by: chief
  - code: rude
    label: {zh: 态度恶劣, en: Rudeness}
    clause: D1
    cite: {policy: P1, article: D1}
    counter: month
    reported_by: [chief]
    amount: [{money: "20", per: case, cite: {policy: P1, article: D1}}]
    confirmed_by: auditor
counters:
  - code: month
    label: {zh: 当月次数, en: Times in the month}
    window: calendar_month
    per: person
prints:
  - code: slip
    label: {zh: 投诉单（两联）, en: Slip (two copies)}
    title: {zh: 投诉处理单, en: Complaint slip}
    copies: [{zh: 第一联 客户, en: Copy 1 customer}, {zh: 第二联 存根, en: Copy 2 file}]
    layout:
      - {fields: [subject, kind, customer, customer.phone, verdict, detail], room: 2}
      - {label: {zh: 历次答复, en: Replies}, lines: {register: reply, through: complaint, columns: [said, hours]}, room: 1}
      - {text: {zh: "{customer}：您反映的“{subject}”已受理，意见：{verdict}。", en: "{customer}: we take up “{subject}”, {verdict}."}}
      - {signs: [closed_by, {label: {zh: 客户, en: Customer}}, {label: {zh: 盖章, en: Seal}, seal: true}]}
    foot: {zh: 请妥善保存。, en: Please keep.}
  - {code: closing, label: {zh: 结案单, en: Closing}, state: [closed], layout: [{fields: [subject, result]}]}
  - code: review
    label: {zh: 主管审阅单, en: Review}
    by: [chief]
    when: {field: customer.phone, filled: true}
    layout: [{fields: [subject, verdict]}]
  - code: book
    label: {zh: 投诉登记册, en: Book}
    wide: true
    layout: [{rows: [record_no, subject, verdict, kind, amount], room: 3}, {signs: [{label: {zh: 登记人, en: Kept by}}]}]
access:
  - {role: clerk, can: [read, add, edit, delete, import, export], rows: own}
  - {role: chief, can: [read, export], rows: unit}
---
code: reply
label: {zh: 答复, en: Reply}
domain: service
follows: complaint
fields:
  - {code: complaint, label: {zh: 投诉, en: Complaint}, type: reference, register: complaint, required: true, basis: impl}
  - {code: said, label: {zh: 答复内容, en: Said}, type: text, required: true, basis: impl}
  - {code: hours, label: {zh: 用时, en: Hours}, type: decimal, places: 1, basis: impl}
  - {code: dept, label: {zh: 答复部门, en: Unit that answers}, type: unit, basis: impl}
access: [{role: clerk, can: [read, add], rows: own}]
---
code: fine
label: {zh: 处罚单, en: Ticket}
domain: service
cite: {policy: P1, article: D1}
tickets_of: [month]
fields:
  - {code: person, label: {zh: 责任人, en: Person}, type: person, basis: impl}
  - {code: amount, label: {zh: 金额, en: Amount}, type: money, basis: impl}
prints: [{code: ticket, label: {zh: 罚款单, en: Fine}, layout: [{fields: [person, amount]}, {signs: [person]}]}]
access: [{role: auditor, can: [read]}]
---
code: idle
label: {zh: 无人施行的登记簿, en: Register of nobody}
domain: service
cite: {policy: P9, article: A1}
fields: [{code: name, label: {zh: 名称, en: Name}, type: text, basis: P9-A1}]
access: [{role: everyone, can: [read, add]}]
"""
INDICATORS = """
indicator: answered
label: {zh: 答复率, en: Share answered}
help: {zh: 当月登记的投诉中已有处理结果的比例, en: Share of the month's complaints that have a result}
domain: service
cite: {policy: P1, article: A1}
numerator: {register: complaint, by: created_at, where: {field: result, filled: true}}
denominator: {register: complaint, by: created_at}
per: unit
target: {ge: 50}
receives: [auditor]
---
indicator: claimed
label: {zh: 索赔金额, en: Claimed}
domain: service
cite: {policy: P1, article: A1}
numerator: {register: complaint, take: sum, of: amount, by: created_at}
unit: yuan
places: 2
receives: [auditor]
"""
FILES = {"roles.yaml": ROLES, "policies.yaml": POLICIES, "registers.yaml": REGISTERS, "indicators.yaml": INDICATORS}

PEOPLE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "owner": ("客户部", ("clerk",)),
    "colleague": ("客户部", ("clerk",)),
    "chief": ("客户部", ("chief",)),
    "stranger": ("仓库", ("clerk",)),
    "outsider": ("仓库", ()),
    "auditor": ("总部", ("auditor",)),
    "admin": ("总部", ("system_admin",)),
}
"""User name → unit and roles. Owner, colleague and chief are of one unit; the outsider holds no role at all."""

SECRET = "王女士反映发动机异响"
"""The subject of the owner's complaint: whoever may not see it must not meet this text anywhere."""


@dataclass
class Site:
    """A running app over a filled database; ``complaint`` is the owner's record."""

    app: Flask
    panel: Panel
    settings: Settings
    ids: dict[str, int]
    units: dict[str, int]
    customer: int = 0
    complaint: int = 0

    def actor(self, name: str) -> Actor:
        found = people.actor_named(self.panel, name)
        assert found is not None
        return found

    def browser(self, name: str = "") -> Browser:
        """Return a browser, signed in as somebody of ``PEOPLE`` where a name is given."""
        opened = Browser(self.app.test_client())
        if name:
            answer = opened.post("/login/", {"username": name, "password": PASSWORD}, page="/login/")
            assert answer.status_code == 302, answer.get_data(as_text=True)
        return opened

    def enter(self, register: str, values: Mapping[str, Any], by: str = "owner", now: datetime = NOW) -> int:
        with self.panel.work(self.actor(by), now=now) as work:
            return records.create(work, register, values)


class Browser:
    """A test client that sends the token of a page with every form, as a browser does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, url: str, **more: Any) -> TestResponse:
        return self.client.get(url, **more)

    def post(self, url: str, data: Mapping[str, Any] | None = None, page: str = "/", **more: Any) -> TestResponse:
        sent = {**(data or {}), "csrf_token": self.token(page)}
        if any(isinstance(v, tuple) for v in sent.values()):
            files = {k: FileStorage(v[0], v[1]) if isinstance(v, tuple) else v for k, v in sent.items()}
            boundary, body = encode_multipart(files)  # in memory: the client's own way leaves a temporary file open
            return self.client.post(url, data=body, content_type=f"multipart/form-data; boundary={boundary}", **more)
        return self.client.post(url, data=sent, **more)

    def send(self, method: str, url: str, body: Any = None) -> TestResponse:
        """Send JSON with the session's own token, as our pages' scripts do."""
        return self.client.open(url, method=method, json=body, headers={"X-CSRFToken": self.token("/")})

    def token(self, page: str = "/") -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"|name="csrf-token" content="([^"]+)"', self.text(page))
        assert found, f"{page} has no token"
        return found[1] or found[2]

    def text(self, url: str) -> str:
        return self.client.get(url, follow_redirects=True).get_data(as_text=True)


def page_text(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def build(url: str, instance: Path, files: Mapping[str, str] = FILES) -> Site:
    """Return a site on an empty database: definitions published, P1 adopted, people and the owner's complaint entered."""
    panel, settings = published(url, instance, files, ["P1"])
    ids, units = _people(panel)
    site = Site(served(panel, settings), panel, settings, ids, units)
    site.customer = site.enter("customer", {"name": "王女士", "phone": "13800000000"})
    site.complaint = site.enter(
        "complaint", {"subject": SECRET, "customer": site.customer, "kind": "质量", "verdict": None}
    )
    return site


def published(url: str, instance: Path, files: Mapping[str, str], policies: Iterable[str]) -> tuple[Panel, Settings]:
    """Return the panel of an empty database with definitions in force, and policies that everybody adopts; and its settings."""
    settings = Settings(
        INSTANCE=instance, DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1/0", SECRET_KEY="t" * 40, TIME_ZONE="Asia/Shanghai", LOCALE="zh",
        HOST="127.0.0.1", PORT=8000, WEB_THREADS=8, SMTP_URL="", MAIL_FROM="panel@example.com", PUBLIC_URL="", DEMO=False,
        DEFINITIONS=Path(__file__).parents[2] / "app" / "definitions", UPLOAD_LIMIT_MB=2, APPEAL_WORKING_DAYS=5, FORWARDED=0,
        SESSION_COOKIE_SECURE=False,
    )  # fmt: skip
    engine = open_engine(settings.DATABASE_URL, pool_size=24)
    migrate.upgrade(engine)
    publishing.publish(engine, files, actor=Actor.system(), reason="test", now=NOW, zone=settings.zone)
    first = {"from_day": NOW.date().replace(month=1), "recorded_at": NOW}
    with engine.begin() as connection:
        connection.execute(insert(adoption), [{"policy": code, **first} for code in policies])
    return factory.open_panel(settings, engine), settings


def copied(made: Site, url: str, instance: Path) -> Site:
    """Return the same site over a copy of its database at ``url``."""
    settings = made.settings.model_copy(update={"DATABASE_URL": url, "INSTANCE": instance})
    panel = replace(made.panel, engine=open_engine(url, pool_size=24), files=instance / "files")
    return replace(made, app=served(panel, settings), panel=panel, settings=settings)


def served(panel: Panel, settings: Settings) -> Flask:
    """Return the app that serves a panel, with nobody counting how often one signs in."""
    app = factory.create_app(panel, settings)
    app.config.update(RATELIMIT_STORAGE_URI="memory://")
    app.extensions["appbuilder"].sm.limiter.enabled = False
    return app


def _people(panel: Panel) -> tuple[dict[str, int], dict[str, int]]:
    with panel.engine.begin() as connection:
        roles = {name: number for number, name in connection.execute(select(role.c.id, role.c.name))}
        for n, (name, (_, held)) in enumerate(PEOPLE.items(), 1):
            row = {
                "id": n,
                "username": name,
                "first_name": name,
                "last_name": "",
                "active": True,
                "email": f"{name}@example.com",
                "password": PASSWORD_HASH,
            }
            connection.execute(insert(person).values(**row))
            for r in held:
                connection.execute(insert(person_role).values(user_id=n, role_id=roles[r]))
    ids = {name: n for n, name in enumerate(PEOPLE, 1)}
    with panel.work(Actor.system(), now=NOW, source="demo") as work:
        units = {name: records.create(work, "unit", {"name": name}) for name in ("总部", "客户部", "仓库")}
        for name, (unit, _) in PEOPLE.items():
            records.create(work, "employee", {"person": ids[name], "unit": units[unit]})
    return ids, units
