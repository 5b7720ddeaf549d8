"""What a function is: what it takes and gives, its help, and its meaning on plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.formula.kinds import Kind
from app.fields.label import Label

ORDERED = (Kind.NUMBER, Kind.DATE, Kind.MOMENT)


@dataclass(frozen=True)
class Param:
    """One argument: its name for people and its type.

    ``fixed``: it must be written out, so that the database need not look at it in each row. ``group``: all arguments of one group are of
    one type, whichever of ``among`` it is. ``loose``: numbers, days and booleans are taken as the text they read as.
    """

    label: Label
    kind: Kind
    fixed: bool = False
    group: str = ""
    among: tuple[Kind, ...] = ()
    loose: bool = False


@dataclass(frozen=True)
class Function:
    """A function of the language.

    ``params`` are its arguments; the last ``repeats`` of them may come again and again, and the last ``optional`` be left out.
    ``gives`` is its type, or the group whose type it has. ``run`` gives its value; it is asked only when no argument is blank, unless it
    ``takes_blanks``; an ArithmeticError or ValueError of it means blank. Blank text is always ``""``.
    """

    name: str
    params: tuple[Param, ...]
    gives: Kind | str
    run: Callable[..., Any]
    help: Label | None = None
    optional: int = 0
    repeats: int = 0
    takes_blanks: bool = False
    tail: Param | None = None
    """What may stand once behind the repeated arguments."""
    choices: tuple[str, ...] = ()
    """What its ``fixed`` text may be; empty: anything that ``run`` reads."""
    choices_of: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)
    """The same by the type of what it is applied to."""
    linked: bool = False
    """Its first argument names records that point here."""

    @property
    def usage(self) -> Label:
        """How it is written, such as ``LEFT(文字, 个数)``."""
        return Label(zh=self._usage("zh"), en=self._usage("en"))

    def _usage(self, language: str) -> str:
        names = [p.label.text(language) for p in self.params]
        for i in range(len(names) - self.optional, len(names)):
            names[i] = f"[{names[i]}]"
        return f"{self.name}({', '.join(names)}{', …' if self.repeats else ''})"

    def arranged(self, count: int) -> Sequence[Param] | None:
        """Return the parameter of each of ``count`` arguments; None for a number that it cannot take."""
        if count <= len(self.params):
            return self.params[:count] if count >= len(self.params) - self.optional else None
        if not self.repeats:
            return None
        more, odd = divmod(count - len(self.params), self.repeats)
        if odd and (self.tail is None or odd > 1):
            return None
        again = self.params[len(self.params) - self.repeats :]
        return [*self.params, *(again * more), *([self.tail] if odd and self.tail else [])]


def param(zh: str, en: str, kind: Kind, **how: Any) -> Param:
    """Return a parameter with its names."""
    return Param(Label(zh=zh, en=en), kind, **how)


def says(zh: str, en: str) -> Label:
    """Return the help of a function, one line in each language."""
    return Label(zh=zh, en=en)


TEXT = param("文字", "text", Kind.TEXT)
NUMBER = param("数字", "number", Kind.NUMBER)
DATE = param("日期", "date", Kind.DATE)
CONDITION = param("条件", "condition", Kind.BOOLEAN)
PLACES = param("小数位数", "places", Kind.NUMBER, fixed=True)
COUNT = param("个数", "count", Kind.NUMBER)
LOOSE = param("文字", "text", Kind.TEXT, loose=True)
ANYTHING = param("值", "value", Kind.ANY, group="a")
