"""The pages and the API of every register, generated from its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from apispec import APISpec
from flask import Flask, current_app
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import BaseApi
from sqlalchemy import Table

from app.catalog.register import RegisterSpec
from app.services import adoption, scope
from app.services.panel import Actor, Panel
from app.web import import_api, openapi
from app.web.access import OfRegister
from app.web.actor import reading
from app.web.api import RegisterApi
from app.web.interface import RecordInterface
from app.web.language import lazy_label
from app.web.view import RegisterView

Screen = TypeVar("Screen", bound=OfRegister)


class Screens:
    """The view and the API of each register, made when somebody first opens it.

    A site has far more registers than one process shows; FAB's own way, an object and a dozen addresses for each of them at every
    start, costs more than everything else together.
    """

    def __init__(self, builder: AppBuilder, panel: Panel, specs: Iterable[RegisterSpec]) -> None:
        self._builder, self._panel = builder, panel
        self._made: dict[tuple[type, str], Any] = {}
        self.specs = {s.code: s for s in specs}

    def view(self, code: str) -> RegisterView:
        """Return the pages of a register."""
        return self._screen(RegisterView, code)

    def api(self, code: str) -> RegisterApi:
        """Return the REST interface of a register."""
        return self._screen(RegisterApi, code)

    def _screen(self, kind: type[Screen], code: str) -> Screen:
        if (kind, code) not in self._made:
            screen = of_register(kind, self.specs[code], self._panel.models.tables[code])()
            screen.create_blueprint(self._builder)  # only for what it sets; the addresses are those of all registers
            self._made.setdefault((kind, code), screen)
        return cast(Screen, self._made[kind, code])


class RegisterApis(BaseApi):
    """Has no address of its own, and describes the REST interfaces of all registers where FAB asks each of its views to."""

    def add_api_spec(self, api_spec: APISpec) -> None:
        """Describe each register to those who may read it, and its imports to those who may import."""
        for spec in current_app.extensions["registers"].specs.values():
            if scope.may(reading(), spec.code, "read"):
                openapi.describe(api_spec, spec, name_of(RegisterApi, spec))
            if scope.may(reading(), spec.code, "import"):
                import_api.describe(api_spec, spec)


def register(app: Flask, builder: AppBuilder, panel: Panel) -> None:
    """Give ``app`` the addresses of every register that some unit has adopted; the others have none at all."""
    with panel.reading(Actor.system()) as work:
        adopted = [s for s in panel.catalog.registers.values() if adoption.live(work, s, None, work.today)]
    screens = app.extensions["registers"] = Screens(builder, panel, adopted)
    builder.add_api(RegisterApis)
    for spec in adopted:
        domain = panel.catalog.domains.get(spec.domain)
        builder.add_link(
            f"register:{spec.code}", href=f"/registers/{spec.code}/list/", label=lazy_label(spec.label),
            category=f"domain:{spec.domain}", category_label=lazy_label(domain.label) if domain else spec.domain,
        )  # fmt: skip
    if adopted:
        one = f"<any({','.join(screens.specs)}):register>"
        _give_addresses(app, f"/registers/{one}", RegisterView, screens.view)
        _give_addresses(app, f"/api/v1/{one}", RegisterApi, screens.api)


def _give_addresses(app: Flask, base: str, kind: type[OfRegister], of: Callable[[str], OfRegister]) -> None:
    """Give ``app`` each route of a kind of screen, once for all registers."""
    for name in sorted(kind.include_route_methods):
        for url, methods in getattr(kind, name)._urls:
            app.add_url_rule(base + url, f"{kind.__name__}.{name}", _answering(of, name), methods=methods)


def _answering(of: Callable[[str], OfRegister], name: str) -> Callable[..., Any]:
    def answer(register: str, **given: Any) -> Any:
        return getattr(of(register), name)(**given)

    return answer


def name_of(kind: type[OfRegister], spec: RegisterSpec) -> str:
    """Return what FAB calls a register's screen.

    It takes the class name for the identity of a view, hence the code, never the label: relabelling revokes nothing.
    """
    return "".join(part.capitalize() for part in spec.code.split("_")) + kind.__name__.removeprefix("Register")


def of_register(kind: type[Screen], spec: RegisterSpec, table: Table) -> type[Screen]:
    """Return a kind of screen for one register, as a class of its own."""
    about = {
        "spec": spec, "datamodel": RecordInterface(spec, table), "class_permission_name": f"register:{spec.code}",
        "route_base": f"/registers/{spec.code}" if kind is RegisterView else f"/api/v1/{spec.code}",
    }  # fmt: skip
    return cast(type[Screen], type(name_of(kind, spec), (kind,), about))
