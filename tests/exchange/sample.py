"""A small panel: a register with every type of field, and people with and without a namesake."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.models.engine import open_engine
from app.models.registers import build_models
from app.rules.calendar import calendar_from
from app.rules.yearbook import MAINLAND
from app.services.panel import Actor, Panel

NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")

REGISTERS = """
- code: unit
  label: {zh: 部门, en: Unit}
  domain: test
  title: [name]
  fields:
    - {code: name, label: {zh: 名称, en: Name}, type: text, required: true, unique: true}
    - {code: parent, label: 上级部门, type: unit}
    - {code: head, label: 负责人, type: person}
  access: [{role: everyone, can: [read]}]
- code: customer
  label: {zh: 客户, en: Customer}
  domain: test
  number: "KH-{seq:4}"
  title: [name]
  fields:
    - {code: name, label: {zh: 客户名称, en: Name}, type: text, required: true}
    - {code: phone, label: {zh: 电话, en: Phone}, type: text}
  access: [{role: everyone, can: [read]}]
- code: card
  label: {zh: 投诉卡, en: Complaint card}
  domain: test
  number: "TS-{yyyy}-{seq:5}"
  fields:
    - {code: card_no, label: {zh: 受理编号, en: Case}, type: text, unique: true, synonyms: [单号, Ticket]}
    - {code: received_at, label: {zh: 接到时间, en: Received}, type: moment, required: true}
    - {code: customer, label: {zh: 投诉客户, en: Customer}, type: reference, register: customer}
    - {code: handler, label: {zh: 跟进人, en: Handler}, type: person}
    - {code: helpers, label: 协办人, type: person, several: true}
    - {code: kind, label: {zh: 类别, en: Kind}, type: choice, required: true,
       choices: {质量: Quality, 服务: Service, 费用: Fee}}
    - {code: tags, label: 标签, type: choices, choices: [首保, 返修, 安全, 媒体]}
    - {code: content, label: {zh: 投诉内容, en: Content}, type: long_text, required: true}
    - {code: id_number, label: 身份证号, type: text, max_length: 40}
    - {code: amount, label: {zh: 涉及金额, en: Amount}, type: money}
    - {code: score, label: 评分, type: integer, min: -9, max: 9, default: 1}
    - {code: rate, label: 满意率, type: percent}
    - {code: urgent, label: 是否紧急, type: yes_no}
    - {code: happened_on, label: 发生日期, type: date}
    - {code: original, label: 原件, type: file}
    - {code: secret, label: 内部意见, type: text, edited_by: [director]}
    - {code: closed_on, label: 结案日期, type: date}
    - {code: closed_by, label: 结案人, type: signature}
  workflow:
    states:
      - {code: open, label: {zh: 处理中, en: Open}}
      - {code: closed, label: {zh: 已结案, en: Closed}, locked: true}
    transitions:
      - {code: close, label: 结案, from: open, to: closed, by: [clerk], needs: [closed_on], sign: closed_by}
  duties:
    - code: close_in_time
      label: 按时结案
      owed_by: handler
      starts: received_at
      done: closed_on
      within: [{days: 7}]
  access:
    - {role: clerk, can: [read, add, edit, import, export]}
    - {role: guest, can: [read]}
"""


def catalog() -> Catalog:
    """Return the definitions above."""
    specs = [RegisterSpec.model_validate(one) for one in YAML(typ="safe").load(REGISTERS)]
    return Catalog(registers={s.code: s for s in specs})


def open_panel(url: str, files: Path) -> Panel:
    """Return the panel of these definitions over the database at ``url``."""
    found = catalog()
    calendar = calendar_from(YAML(typ="safe").load(MAINLAND), ZONE)
    return Panel(found, build_models(found), open_engine(url), calendar, ZONE, files)


CLERK = Actor(1, "张三", frozenset({"clerk"}), 1)
GUEST = Actor(2, "李四", frozenset({"guest"}), 1)
PEOPLE = (("zhangsan", "三", "张"), ("lisi", "四", "李"), ("wangwu", "五", "王"), ("wangwu2", "五", "王"))
