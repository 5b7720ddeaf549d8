"""One view and one API for each register, generated from its definition."""

from __future__ import annotations

from typing import cast

from flask_appbuilder import AppBuilder
from sqlalchemy import Table

from app.catalog.register import RegisterSpec
from app.services import adoption
from app.services.panel import Actor, Panel
from app.web.api import RegisterApi
from app.web.interface import RecordInterface
from app.web.language import lazy_label
from app.web.view import RegisterView


def register(builder: AppBuilder, panel: Panel) -> None:
    """Give ``builder`` the views of every register that some unit has adopted; the others have no address at all."""
    with panel.reading(Actor.system()) as work:
        adopted = [s for s in panel.catalog.registers.values() if adoption.live(work, s, None, work.today)]
    for spec in adopted:
        view, api = classes(spec, panel.models.tables[spec.code])
        domain = panel.catalog.domains.get(spec.domain)
        builder.add_view(
            view, f"register:{spec.code}", label=lazy_label(spec.label),
            category=f"domain:{spec.domain}", category_label=lazy_label(domain.label) if domain else spec.domain,
        )  # fmt: skip
        builder.add_api(api)


def classes(spec: RegisterSpec, table: Table) -> tuple[type[RegisterView], type[RegisterApi]]:
    """Return a register's view and its API as classes of their own.

    FAB takes the class name for the identity of a view, hence the code, never the label: relabelling revokes nothing.
    """
    name = "".join(part.capitalize() for part in spec.code.split("_"))
    shared = {"spec": spec, "datamodel": RecordInterface(spec, table), "class_permission_name": f"register:{spec.code}"}
    view = type(f"{name}View", (RegisterView,), {**shared, "route_base": f"/registers/{spec.code}"})
    api = type(f"{name}Api", (RegisterApi,), {**shared, "resource_name": spec.code, "openapi_spec_tag": spec.label.zh})
    return cast(type[RegisterView], view), cast(type[RegisterApi], api)
