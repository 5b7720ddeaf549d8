"""A site whose rules change in the middle: archives, and definitions published anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, select

from app.models.fixed import person_role, role
from app.models.ledger import obligation
from app.services import publishing, records, sweep
from app.services.panel import Actor
from tests.site import SHANGHAI, Site, at, shipped

ARCHIVE = "registers/vehicle_archives/vehicle_archive.yaml"
THREE_DAYS = "- {working_days: 3, cite: [{policy: P05, article: C1}, {policy: P05, article: D1}]}"
ONE_DAY = THREE_DAYS.replace("3", "1", 1)
FIFTY = 'amount: [{money: "50", per: case, cite: {policy: P05, article: D1}}]'
EIGHTY = FIFTY.replace("50", "80", 1)


def edited(*changes: tuple[str, str], file: str = ARCHIVE) -> dict[str, str]:
    """Return the shipped definitions with words of one file replaced by others."""
    files = shipped()
    for old, new in changes:
        assert old in files[file], old
        files[file] = files[file].replace(old, new)
    return files


def publish(site: Site, files: Mapping[str, str], when: str, since: date | None = None) -> Site:
    """Publish definitions at a moment and return the site under them."""
    engine = site.panel.engine
    done = publishing.publish(
        engine, files, actor=Actor.system(), reason="改制度", now=at(when), zone=SHANGHAI, in_force_from=since
    )
    panel = publishing.open_panel(engine, done, site.panel.calendar, SHANGHAI, site.panel.files)
    return replace(site, panel=panel)


def archive(site: Site, delivered: str, entered: str, advisor: str = "sales1", kind: str = "新车档案") -> int:
    """Enter a car and its archive and return the archive."""
    with site.panel.reading(Actor.system()) as work:
        customer = work.connection.execute(select(work.tables["customer"].c.id)).scalars().first()
        number = len(work.connection.execute(select(work.tables["vehicle"].c.id)).all())
    car = {"vin": f"LSVAA{number:012}", "model": "明锐", "origin": "它店用户到店维修", "customer": customer}
    with site.panel.work(
        Actor.system(), now=at(entered)
    ) as work:  # whoever may enter archives depends on what is in force
        vehicle = records.create(work, "vehicle", car)
    day = date.fromisoformat(delivered)
    values: dict[str, Any] = {
        "vehicle": vehicle,
        "archive_kind": kind,
        "trigger_date": day,
        "responsible_advisor": site.ids[advisor],
    }
    with site.panel.work(Actor.system(), now=at(entered)) as work:
        return records.create(work, "vehicle_archive", values | {"unit": site.units["客户关爱部"]})


def make_administrator(site: Site, who: str) -> None:
    """Let somebody look after the site too."""
    with site.panel.work(Actor.system()) as work:
        admin = work.connection.execute(select(role.c.id).where(role.c.name == "system_admin")).scalar_one()
        work.connection.execute(insert(person_role).values(user_id=site.ids[who], role_id=admin))


def owed(site: Site, record: int, register: str = "vehicle_archive") -> list[dict[str, Any]]:
    """Return the obligations of a record that stand."""
    query = select(obligation).where(obligation.c.register == register, obligation.c.record_id == record)
    return kept(site, obligation, query.where(obligation.c.state != "void"))


def kept(site: Site, table: Table, query: Any = None) -> list[dict[str, Any]]:
    """Return rows of a fixed table in the order they were made."""
    query = select(table) if query is None else query
    with site.panel.reading(Actor.system()) as work:
        return [dict(r) for r in work.connection.execute(query.order_by(*table.primary_key)).mappings()]


def swept(site: Site, when: str) -> sweep.SweepReport:
    """Do what has fallen due by a moment."""
    return sweep.run(site.panel, at(when))
