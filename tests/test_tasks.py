"""Background work by real Celery workers over a real Valkey: files and sweeps, each done once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

import config
from app.exchange import importing
from app.models.fixed import import_run, publication
from app.models.ledger import ticket
from app.services import publishing
from app.services.panel import Actor, Panel
from app.tasks import celery_app, start_import
from tests.site import BEGIN, CAR_OWNER, SHANGHAI, Site, at

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 90
"""Seconds after which a worker that has not done its work never will."""


@pytest.fixture
def environment(site: Site, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The variables under which a worker serves the site."""
    database = site.panel.engine.url.render_as_string(hide_password=False)
    return {"INSTANCE": str(tmp_path), "DATABASE_URL": database, "REDIS_URL": redis_url}


@pytest.fixture
def worker(environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """A Celery worker as ``make run`` starts it."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "celery_worker.celery",
        "worker",
        "--concurrency",
        "1",
        "--loglevel",
        "warning",
    ]
    log = (tmp_path / "worker.log").open("wb")
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=log, stderr=log)
    yield
    process.terminate()
    process.wait(30)
    log.close()


def until(true: Callable[[], bool], log: Path) -> None:
    """Wait until something has come true; fail with the worker's own words."""
    pause = threading.Event()
    for _ in range(PATIENCE * 4):
        if true():
            return
        pause.wait(0.25)
    pytest.fail(log.read_text("utf-8", "replace")[-3000:])


def scalar(panel: Panel, query: object) -> object:
    with panel.engine.connect() as connection:
        return connection.execute(query).scalar()  # type: ignore[call-overload]


def test_a_worker_imports_a_large_file_and_sweeps_what_is_due(
    site: Site, environment: dict[str, str], worker: None, tmp_path: Path
) -> None:
    panel = publishing.open_panel(
        site.panel.engine, publishing.current(site.panel.engine), site.panel.calendar, SHANGHAI, tmp_path / "files"
    )
    celery = celery_app(config.read(environment), lambda: panel)
    cars = tmp_path / "cars.csv"
    rows = [f"LSV{n:014},明锐,它店用户到店维修,{CAR_OWNER}" for n in range(1_200)]
    cars.write_text("\n".join(["车架号,车型,来源,用户", *rows]), "utf-8")
    run_id = importing.prepare(panel, site.actor("archive"), "vehicle", cars, now=at("2025-03-03 09:00"))
    start_import(celery, run_id)
    log = tmp_path / "worker.log"
    until(lambda: scalar(panel, select(import_run.c.state).where(import_run.c.id == run_id)) == "done", log)
    assert scalar(panel, select(import_run.c.created).where(import_run.c.id == run_id)) == 1_200

    archives = tmp_path / "archives.csv"
    archives.write_text("车辆,档案类别,交车日期,责任顾问\nLSV00000000000007,新车档案,2025-03-03,sales1\n", "utf-8")
    importing.run(panel, site.actor("archive"), "vehicle_archive", archives, now=at("2025-03-03 09:00"))
    for _ in range(3):
        celery.send_task("app.tasks.sweep")
    until(lambda: scalar(panel, select(func.count()).select_from(ticket)) == 1, log)
    start_import(celery, run_id)
    celery.send_task("app.tasks.deliver")
    until(lambda: celery.connection().default_channel.client.llen("rulebook") == 0, log)
    assert scalar(panel, select(import_run.c.created).where(import_run.c.id == run_id)) == 1_200
    assert scalar(panel, select(func.count()).select_from(ticket)) == 1


def test_a_worker_uses_the_newest_definitions_without_restart(
    site: Site, environment: dict[str, str], worker: None, tmp_path: Path
) -> None:
    added = """
code: key_book
label: 钥匙登记
domain: archive_custody
fields: [{code: door, label: 门, type: text, required: true}]
access: [{role: archive_admin, can: [read, add, import]}]
"""
    engine = site.panel.engine
    panel = publishing.open_panel(engine, publishing.current(engine), site.panel.calendar, SHANGHAI, tmp_path / "files")
    celery = celery_app(config.read(environment), lambda: panel)
    celery.send_task("app.tasks.sweep")
    files = publishing.merged(engine, {"keys.yaml": added}, shipped=False)
    published = publishing.publish(engine, files, actor=Actor.system(), reason="keys", now=BEGIN, zone=SHANGHAI)
    assert scalar(panel, select(func.max(publication.c.revision))) == 2
    newer = publishing.open_panel(engine, published, site.panel.calendar, SHANGHAI, tmp_path / "files")
    doors = tmp_path / "doors.csv"
    doors.write_text("门\n前门\n后门\n", "utf-8")
    run_id = importing.prepare(newer, site.actor("archive"), "key_book", doors, now=BEGIN)
    start_import(celery, run_id)
    until(
        lambda: scalar(newer, select(import_run.c.state).where(import_run.c.id == run_id)) == "done",
        tmp_path / "worker.log",
    )
    assert scalar(newer, select(func.count()).select_from(newer.models.tables["key_book"])) == 2
