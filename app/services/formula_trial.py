"""Trying a formula on records before it stands in a definition."""

from __future__ import annotations

from sqlalchemy import select

from app.catalog.formula.graph import Formula
from app.catalog.formula.kinds import Kind
from app.catalog.formula.names import shape_of
from app.catalog.formula.tree import Tree, given
from app.catalog.register import RegisterSpec
from app.fields.base import Field
from app.fields.label import Label
from app.fields.numbers import DecimalNumber, YesNo
from app.fields.texts import LongText
from app.fields.times import Date, Moment
from app.models.formulas.columns import worked_out
from app.services import formulas, lookup, scope
from app.services.panel import Work

_LABEL = Label(zh="结果")
_FIELDS: dict[Kind, Field] = {
    Kind.TEXT: LongText(code="result", label=_LABEL),
    Kind.NUMBER: DecimalNumber(code="result", label=_LABEL, places=6),
    Kind.DATE: Date(code="result", label=_LABEL),
    Kind.MOMENT: Moment(code="result", label=_LABEL),
    Kind.BOOLEAN: YesNo(code="result", label=_LABEL),
}


def try_out(work: Work, spec: RegisterSpec, tree: Tree, field: Field | None, most: int = 5) -> list[tuple[str, str]]:
    """Return what a formula gives of the newest records that the actor sees, as (name, text); empty where it would tell of what is hidden."""
    shown = field or _FIELDS.get(tree.kind)
    shape = shape_of(spec, shown) if shown is not None else None
    if shown is None or shape is None or shape.kind is Kind.LINK or not scope.may(work, spec.code, "read"):
        return []
    if not all(scope.sees_source(work, spec.code, g.source) for g in given(tree)):
        return []
    table, formula = work.tables[spec.code], Formula(spec.code, shown, tree, shape)
    found = worked_out(work.connection, work.panel.models, formula, formulas.circumstances(work))
    query = select(table.c.id, found).where(scope.visible(work, spec.code))
    rows = work.connection.execute(query.order_by(table.c.id.desc()).limit(most)).all()
    names = lookup.titles(work, spec.code, [r[0] for r in rows])
    return [(names[r[0]], _short(shown.format(r[1]))) for r in rows]


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text and text.replace(".", "").lstrip("-").isdigit() else text
