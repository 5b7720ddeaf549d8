"""The pages and the API of every register, generated from its definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from apispec import APISpec
from flask import Flask
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import BaseApi
from flask_appbuilder.menu import Menu, MenuItem
from sqlalchemy import Table
from werkzeug.routing import BaseConverter

from app.catalog.register import RegisterSpec
from app.errors import Missing
from app.services import adoption, scope
from app.services.panel import Work
from app.web import import_api, openapi
from app.web.access import OfRegister
from app.web.actor import current_panel, reading
from app.web.api import RegisterApi
from app.web.interface import RecordInterface
from app.web.language import lazy_label
from app.web.view import RegisterView

Screen = TypeVar("Screen", bound=OfRegister)


class Screens:
    """The view and the API of each register, made when somebody first opens it and again when a publication changes it.

    A site has far more registers than one process shows; FAB's own way, an object and a dozen addresses for each of them at every
    start, costs more than everything else together.
    """

    def __init__(self, builder: AppBuilder) -> None:
        self._builder = builder
        self._made: dict[tuple[type, str], Any] = {}

    def view(self, code: str) -> RegisterView:
        """Return the pages of a register. Raises Missing where nobody applies what it is for."""
        return self._screen(RegisterView, code)

    def api(self, code: str) -> RegisterApi:
        """Return the REST interface of a register. Raises Missing like ``view``."""
        return self._screen(RegisterApi, code)

    def _screen(self, kind: type[Screen], code: str) -> Screen:
        work = reading()
        spec, table = work.spec(code), work.tables[code]
        if not _in_use(work, spec):
            raise Missing
        made = self._made.get((kind, code))
        if made is None or made.spec is not spec or made.datamodel.table is not table:
            made = of_register(kind, spec, table)()
            made.create_blueprint(self._builder)  # only for what it sets; the addresses are those of all registers
            self._made[kind, code] = made
        return cast(Screen, made)


def _in_use(work: Work, spec: RegisterSpec) -> bool:
    return adoption.live(work, spec, None, work.today)


def in_use() -> list[RegisterSpec]:
    """Return the registers that some unit applies today; the others have no address."""
    work = reading()
    return [s for s in work.catalog.registers.values() if _in_use(work, s)]


class RegisterMenu(Menu):
    """FAB's menu, as its REST interface tells it, with the registers in use by domain."""

    def get_flat_name_list(self, menu: Any = None, result: Any = None) -> list[str]:
        """Return the names of all entries; FAB's own doubles what it has found with each group."""
        items = self._all() if menu is None else menu
        return [name for i in items for name in (i.name, *self.get_flat_name_list(i.childs))]

    def get_data(self, menu: Any = None) -> list[Any]:
        """Return the entries that the person may see."""
        found: list[Any] = super().get_data(self._all() if menu is None else menu)
        return found

    def _all(self) -> list[MenuItem]:
        domains = current_panel().catalog.domains
        groups: dict[str, MenuItem] = {}
        for spec in in_use():
            domain = domains.get(spec.domain)
            name = lazy_label(domain.label) if domain else spec.domain
            group = groups.setdefault(spec.domain, MenuItem(f"domain:{spec.domain}", label=name))
            href, name = f"/registers/{spec.code}/list/", lazy_label(spec.label)
            group.childs.append(MenuItem(f"register:{spec.code}", href, label=name))
        return [*self.menu, *groups.values()]


class RegisterApis(BaseApi):
    """Has no address of its own, and describes the REST interfaces of all registers where FAB asks each of its views to."""

    def add_api_spec(self, api_spec: APISpec) -> None:
        """Describe each register to those who may read it, and its imports to those who may import."""
        for spec in in_use():
            if scope.may(reading(), spec.code, "read"):
                openapi.describe(api_spec, spec, name_of(RegisterApi, spec))
            if scope.may(reading(), spec.code, "import"):
                import_api.describe(api_spec, spec)


class RegisterConverter(BaseConverter):
    """The part of an address that names a register. FAB's own names in this place begin with an underscore."""

    regex = "[a-z][a-z0-9_]*"


def register(app: Flask, builder: AppBuilder) -> None:
    """Give ``app`` the addresses that all registers have in common, whatever the catalog will be."""
    screens = app.extensions["registers"] = Screens(builder)
    builder.add_api(RegisterApis)
    app.url_map.converters["register"] = RegisterConverter
    _give_addresses(app, "/registers/<register:register>", RegisterView, screens.view)
    _give_addresses(app, "/api/v1/<register:register>", RegisterApi, screens.api)


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
