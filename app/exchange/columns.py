"""Which column of a file is which field of a register: matched by name, overridable, nothing dropped in silence."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import CellError, Sentence, say
from app.exchange.column_choices import remembered
from app.exchange.naming import BRACKETS, folded
from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import File, Signature
from app.fields.times import Moment

REASON = Label(zh="原因", en="Reason")
"""The column that our own error files carry behind the original ones."""
WRITABLE = ("unit", "remark")
"""Fields that every register has and that a person writes."""

Choices = abc.Mapping[str, str]
Mapping = Sequence[str | None]
"""For each column of a file the code of its field, ``""`` to leave the column out, None to find it by name."""


@dataclass(frozen=True)
class Matching:
    """How the columns of a file were understood.

    ``columns`` holds for each column of the file the field that it fills, or None; ``left_out`` says why columns that
    were understood fill none, and is shown; ``errors`` must be put right before anything is imported.
    """

    columns: tuple[Field | None, ...]
    left_out: tuple[tuple[str, Sentence], ...] = ()
    errors: tuple[CellError, ...] = ()
    missing: tuple[Field, ...] = ()
    """Required fields that no column fills: an error wherever a row is new."""
    recalled: tuple[int, ...] = ()
    """The places of columns that are taken for what the person chose last time."""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the fields that the file fills, in its order."""
        return tuple(f.code for f in self.columns if f is not None)


def exported(spec: RegisterSpec, seen: Iterable[Field]) -> tuple[Field, ...]:
    """Return the columns of an export: number, state, unit, the fields that may be seen, remark.

    A signature is two columns, its person and its moment.
    """
    fields: list[Field] = [SYSTEM["record_no"], *([SYSTEM["state"]] if spec.workflow else []), SYSTEM["unit"]]
    for f in seen:
        fields.append(f)
        if isinstance(f, Signature):
            fields.append(signed_at(f))
    return (*fields, SYSTEM["remark"])


def signed_at(field: Signature) -> Moment:
    """Return the column for the moment of a signature."""
    label = Label(zh=f"{field.label.zh}时间", en=f"{field.label.en or field.label.zh} at")
    return Moment(code=f"{field.code}_at", label=label)


def known_names(fields: Iterable[Field]) -> frozenset[str]:
    """Return every folded header under which one of the fields may come."""
    return frozenset(name for f in fields for tier in _names(f) for name in tier)


def named(every: Sequence[Field], fields: Iterable[Field], language: str = "zh") -> list[str]:
    """Return the headers of ``fields``: labels, but the code where ``match`` would not find the field by its label."""
    return [label if _candidates(every, label := f.label.text(language)) == [f.code] else f.code for f in fields]


def match(
    spec: RegisterSpec,
    headers: Sequence[str],
    *,
    seen: Iterable[Field],
    writable: Iterable[Field],
    mapping: Mapping | None = None,
    choices: Choices | None = None,
) -> Matching:
    """Match the headers of a file with the fields of a register.

    A header names a field by label in either language, code, or synonym, however it is spaced, cased or wide; behind
    them without what stands in brackets; before all that by what the person chose last time (``choices``).
    ``seen`` are the fields the actor may read, ``writable`` may write.
    """
    fields = (*exported(spec, seen), *SYSTEM.values())
    found = {f.code: f for f in fields}
    may_write = {f.code for f in writable} | {*WRITABLE, "record_no"}
    columns: list[Field | None] = []
    left_out: list[tuple[str, Sentence]] = []
    errors: list[CellError] = []
    taken: dict[str, str] = {}
    recalled: list[int] = []
    for index, header in enumerate(headers):
        chosen = mapping[index] if mapping is not None and index < len(mapping) else None
        if chosen is None and (last := remembered(choices or {}, header)) is not None and last in ("", *found):
            chosen = last
            recalled.append(index)
        names = [chosen] if chosen else _candidates(list(found.values()), header)
        field = found.get(names[0]) if len(names) == 1 else None
        columns.append(None)
        shown = header or str(say("第 {n} 列", n=index + 1))
        if chosen == "":
            left_out.append((shown, say("按您的选择不导入")))
        elif field is None and folded(header) in {folded(REASON.zh), folded(REASON.en)}:
            left_out.append((shown, say("上次导入时写明的原因，不导入")))
        elif field is None:
            errors.append(_unclear(shown, [found[n] for n in names if n in found]))
        elif field.code in taken:
            reason = say("“{a}”和“{b}”两列都是“{field}”，请去掉一列", a=taken[field.code], b=shown, field=field.label)
            errors.append(CellError(field.code, reason, text=shown, label=field.label.zh))
        elif field.code == "state":
            taken[field.code] = shown
            columns[index] = field
        elif field.code not in may_write or not field.typed or isinstance(field, File):
            taken[field.code] = shown
            left_out.append((shown, _not_imported(spec, field)))
        else:
            taken[field.code] = shown
            columns[index] = field
    filled = {f.code for f in columns if f is not None}
    missing = tuple(
        f for f in spec.fields if f.required and f.typed and f.default is None and not f.many and f.code not in filled
    )
    return Matching(tuple(columns), tuple(left_out), tuple(errors), missing, tuple(recalled))


def _names(field: Field) -> tuple[set[str], ...]:
    """Return the folded names of a field in order of weight; a name in an earlier tier wins."""
    labels = {folded(field.label.zh), folded(field.label.en)} - {""}
    return {folded(field.code)}, labels, {folded(s) for s in field.synonyms}


def _candidates(fields: Sequence[Field], header: str) -> list[str]:
    """Return the codes of the fields that a header may mean: one where it is clear."""
    for name in dict.fromkeys((folded(header), folded(BRACKETS.sub("", header)))):
        if not name:
            continue
        for tier in range(3):
            if hits := [f.code for f in fields if name in _names(f)[tier]]:
                # a register's own field wins over one that all registers have
                return [h for h in hits if h not in SYSTEM] or hits
    return []


def _unclear(shown: str, several: Sequence[Field]) -> CellError:
    if several:
        which = "、".join(f"{f.label.zh}（{f.code}）" for f in several)
        return CellError("", say("“{header}”可能是：{which}；请选定一个", header=shown, which=which), text=shown)
    return CellError("", say("登记簿没有“{header}”这一列；请选定字段，或选择不导入", header=shown), text=shown)


def _not_imported(spec: RegisterSpec, field: Field) -> Sentence:
    if isinstance(field, File):
        return say("附件不能随表格导入，保持原样")
    if spec.field(field.code) is not None and field.typed:
        return say("您无权填写这一列，保持原样")
    return say("由系统填写，保持原样")
