"""From nothing to a panel that can be served."""

from __future__ import annotations

import gc
import re
import shutil
import weakref
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import clock, factory
from app.models.engine import open_engine
from app.models.fixed import person
from app.services import publishing
from app.services.panel import Actor
from config import Settings, read
from tests.services.test_drafting import FILES


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return read({"INSTANCE": str(tmp_path), "DATABASE_URL": database_url, "DEMO": "0"})


def sign_in(settings: Settings, username: str, password: str) -> int:
    panel = factory.open_panel(settings)
    app = factory.create_app(panel, settings)
    app.extensions["appbuilder"].sm.limiter.enabled = False
    client = app.test_client()
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/login/").get_data(as_text=True))
    assert token is not None
    client.post("/login/", data={"username": username, "password": password, "csrf_token": token[1]})
    status = client.get("/publications").status_code
    panel.engine.dispose()
    return status


def test_the_first_start_makes_an_administrator_and_the_second_changes_nothing(settings: Settings) -> None:
    lines = factory.prepare(settings)
    found = re.search(r"admin，密码 (\S+)（", lines[0])
    assert found is not None
    assert factory.prepare(settings) == []
    assert sign_in(settings, "admin", found[1]) == 200
    engine = open_engine(settings.DATABASE_URL)
    assert publishing.revision(engine) == 1
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(person)).scalar_one() == 1
    engine.dispose()


def test_shipped_definitions_that_changed_are_published_at_the_next_start(settings: Settings, tmp_path: Path) -> None:
    factory.prepare(settings)
    more = tmp_path / "definitions"
    for file in settings.DEFINITIONS.rglob("*.yaml"):
        copy = more / file.relative_to(settings.DEFINITIONS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text("utf-8"), "utf-8")
    (more / "registers" / "organisation" / "visit.yaml").write_text(
        "code: visit\nlabel: 拜访\ndomain: organisation\nfields: [{code: what, label: 内容, type: text, basis: impl}]\n",
        "utf-8",
    )
    factory.prepare(settings.model_copy(update={"DEFINITIONS": more}))
    panel = factory.open_panel(settings)
    assert panel.catalog.revision == 2
    assert "visit" in panel.catalog.registers
    panel.engine.dispose()


def test_new_shipped_definitions_that_conflict_with_the_sites_own_are_told_and_what_is_in_force_stays(
    settings: Settings, tmp_path: Path
) -> None:
    shipped = tmp_path / "definitions"
    shutil.copytree(settings.DEFINITIONS / "calendars", shipped / "calendars")
    for name, text in FILES.items():
        (shipped / name).write_text(text, "utf-8")
    settings = settings.model_copy(update={"DEFINITIONS": shipped})
    factory.prepare(settings)
    engine = open_engine(settings.DATABASE_URL)
    own = {"letter.yaml": "extend: letter\nfields: [{code: room, label: 房间, type: text}]\n"}
    files = publishing.merged(engine, own, shipped=False)
    publishing.publish(engine, files, actor=Actor.system(), reason="x", now=clock.now(), zone=settings.zone)
    both = FILES["about.yaml"].replace("fields:\n", "fields:\n  - {code: room, label: 会议室, type: long_text}\n", 1)
    (shipped / "about.yaml").write_text(both, "utf-8")
    told = factory.prepare(settings)
    assert any("site/letter.yaml:2" in line and "“会议室”" in line for line in told)
    assert publishing.revision(engine) == 2
    engine.dispose()


def test_what_a_publication_replaces_is_let_go_and_what_it_says_alike_is_shared(settings: Settings) -> None:
    factory.prepare(settings)
    old = factory.open_panel(settings)
    gone = weakref.ref(old)
    customer = old.catalog.registers["customer"]
    assert factory.create_app(old, settings).test_client().get("/login/").status_code == 200
    new = factory.open_panel(settings, old.engine)
    assert new.catalog is not old.catalog
    assert new.catalog.registers["customer"] is customer
    del old
    gc.collect()
    assert gone() is None
    new.engine.dispose()
