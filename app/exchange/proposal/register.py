"""From a proposal as a person adjusted it to the definition of the register, as YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.codes import code_from
from app.catalog.dump import dump
from app.catalog.register import RESERVED, RegisterSpec
from app.errors import CellError, Invalid, say
from app.exchange.proposal.proposing import Proposal

TYPES = (
    "text", "long_text", "integer", "decimal", "money", "percent", "date", "moment", "choice", "choices", "yes_no", "person", "unit", "reference",
)  # fmt: skip
"""What a column of a file may become."""
UNIQUE = frozenset({"text", "integer", "date", "reference", "person"})
"""The types of which no two records may share a value, where a person wants it so."""
KEEPERS = ("read", "add", "edit", "delete", "import", "export")
READERS = ("read", "export")


@dataclass(frozen=True)
class WantedColumn:
    """One column as a person wants it: ``place`` counts the file's columns from 0; ``choices`` are names, one a line."""

    place: int
    label: str
    type: str
    required: bool = False
    unique: bool = False
    choices: str = ""
    register: str = ""


@dataclass(frozen=True)
class Wanted:
    """The register as a person wants it; ``keepers`` and ``readers`` are roles."""

    label: str
    domain: str
    keepers: Sequence[str]
    readers: Sequence[str]
    columns: Sequence[WantedColumn]


@dataclass(frozen=True)
class Made:
    """A register's definition, and for each column of the file the field that it fills (``""``: none)."""

    code: str
    text: str
    mapping: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where the definition lies among the site's own."""
        return f"registers/{self.code}.yaml"


def make(proposal: Proposal, wanted: Wanted, taken: set[str]) -> Made:
    """Return the definition of a register whose code is none of ``taken``; raises Invalid where a name or an option is missing."""
    errors = [] if wanted.label.strip() else [CellError("label", say("请填写登记簿的名称"), label=str(say("名称")))]
    if not wanted.columns:
        errors.append(CellError("columns", say("至少要留一列")))
    if not wanted.keepers:
        errors.append(CellError("keepers", say("请选择由哪个角色登记")))
    mapping = [""] * len(proposal.columns)
    codes, fields = set(RESERVED), []
    for column in wanted.columns:
        proposed = proposal.columns[column.place]
        if proposed.system:
            mapping[column.place] = proposed.system
            continue
        code = mapping[column.place] = code_from(column.label, codes)
        codes.add(code)
        if not column.label.strip():
            errors.append(CellError("label", say("第 {n} 列没有名称", n=column.place + 1)))
            continue
        fields.append(_field(proposal, column, code, errors))
    if not fields and not errors:
        errors.append(CellError("columns", say("至少要留一列")))
    if errors:
        raise Invalid(errors)
    keeping = [{"role": r, "can": list(KEEPERS)} for r in wanted.keepers]
    reading = [{"role": r, "can": list(READERS)} for r in wanted.readers if r not in wanted.keepers]
    code = code_from(wanted.label, taken, otherwise="register")
    title = next(([f["code"]] for f in fields if f.get("unique") and f["type"] == "text"), [])
    whole = {
        "code": code,
        "label": wanted.label.strip(),
        "domain": wanted.domain,
        "title": title,
        "fields": fields,
        "access": keeping + reading,
    }
    return Made(code, dump(RegisterSpec.model_validate(whole)), tuple(mapping))


def _field(proposal: Proposal, column: WantedColumn, code: str, errors: list[CellError]) -> dict[str, Any]:
    proposed = proposal.columns[column.place]
    label = column.label.strip()
    field: dict[str, Any] = {"code": code, "label": label, "type": column.type}
    if column.required:
        field["required"] = True
    if column.unique and column.type in UNIQUE:
        field["unique"] = True
    if proposed.header and proposed.header != label:
        field["synonyms"] = [proposed.header]
    if column.type == proposed.guess.type:
        field |= {k: v for k, v in proposed.guess.options.items() if k != "register"}
    elif column.type == "decimal":
        field["places"] = 2
    if column.type in ("choice", "choices"):
        field["choices"] = _options(proposal, column)
        if not field["choices"]:
            errors.append(CellError("choices", say("请写出“{label}”的选项，每行一个", label=label), label=label))
    if column.type == "reference":
        field["register"] = column.register
        if not column.register:
            errors.append(CellError("register", say("请选定“{label}”引用哪本登记簿", label=label), label=label))
    return field


def _options(proposal: Proposal, column: WantedColumn) -> list[Any]:
    """Return the options that were written, each with the spellings under which the file brings it."""
    spelt = {o["code"]: list(o.get("synonyms", ())) for o in proposal.columns[column.place].guess.choices}
    names = dict.fromkeys(" ".join(line.split()) for line in re.split(r"[\n;；]+", column.choices) if line.strip())
    return [{"code": n, "zh": n, "synonyms": spelt[n]} if spelt.get(n) else n for n in names]
