"""Wiring: from a panel and its settings to a Flask app, and from nothing to a panel that can be served."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_appbuilder import AppBuilder
from sqlalchemy import Engine
from sqlalchemy.orm import scoped_session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cli, clock, tasks
from app.catalog.loader import read_folder
from app.errors import Refused
from app.models import migrate
from app.models.engine import open_engine
from app.rules.calendar import WorkCalendar, calendar_from
from app.rules.yearbook import read_yearbook
from app.services import calendars, demo, publishing, redating
from app.services.panel import Actor, Panel
from app.web import actor, answers, grid, headers, language, menu, pages, registers, viewing
from app.web.page_token import PageToken
from app.web.security import PanelSecurity
from config import Settings, flask_config


def open_panel(settings: Settings, engine: Engine | None = None) -> Panel:
    """Return the panel of the newest publication in the database of ``settings``, on ``engine`` where one is open already."""
    # A request may hold three connections at once: FAB's, a reader's, a writer's.
    engine = engine or open_engine(settings.DATABASE_URL, pool_size=3 * settings.WEB_THREADS)
    calendar = _calendar(settings.DEFINITIONS, settings.zone)
    return publishing.open_panel(
        engine,
        publishing.current(engine),
        calendar,
        settings.zone,
        settings.INSTANCE / "files",
        settings.APPEAL_WORKING_DAYS,
    )


@cache
def _calendar(definitions: Path, zone: ZoneInfo) -> WorkCalendar:
    """Return the shipped calendar; its file is of the program and does not change while that runs."""
    return calendar_from(read_yearbook(definitions / "calendars" / "cn.yaml"), zone)


def create_app(panel: Panel, settings: Settings, live: Any = None) -> Flask:
    """Return the Flask app that serves ``panel`` until ``serve`` gives it another; ``live`` is whoever sees to that."""
    app = Flask("app")
    app.config.update(flask_config(settings))
    app.config.update(
        DEFINITIONS=settings.DEFINITIONS,
        FAB_ROLES={},
        AUTH_ROLE_ADMIN="system_admin",
        FAB_INDEX_VIEW="app.web.pages.work.IndexPage",
        FAB_API_SWAGGER_UI=True,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]  # choices stand in the order of their definition
    sender = cache(partial(tasks.sender, settings))
    app.extensions.update(
        panel=panel, live=live,
        start_import=_from(sender, tasks.start_import), start_whatif=_from(sender, tasks.start_whatif),
        start_recalculation=_from(sender, tasks.start_recalculation),
    )  # fmt: skip
    if settings.FORWARDED:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.FORWARDED] * 4)  # type: ignore[method-assign]
    logging.getLogger("flask_appbuilder").setLevel(logging.WARNING)
    session = scoped_session(sessionmaker(panel.engine))
    app.teardown_appcontext(lambda _error: session.remove())
    headers.protect_answers(app)
    answers.answer_errors(app)
    actor.close_with_request(app)
    cli.register(app)
    app.before_request(PanelSecurity.before_request)  # who asks is known before anything can be refused
    PageToken(app)
    viewing.guard(app)
    with app.app_context():
        builder = AppBuilder(app, session, menu=registers.RegisterMenu())
        app.before_request(language.choose_language)
        pages.register(app)
        grid.register(app, settings.WEB_THREADS)
        registers.register(app, builder)
    app.jinja_env.globals.update(
        menu=menu.menu,
        counts=menu.counts,
        language=language.language,
        appbuilder=builder,
        base_template="base.html",
        zone=panel.zone.key,
    )
    return app


def _from(sender: Callable[[], Any], ask: Callable[..., None]) -> Callable[..., None]:
    return lambda *given, **more: ask(sender(), *given, **more)


def serve(app: Flask, panel: Panel) -> None:
    """Let requests that begin from now on be answered by ``panel``, which stands on the same database as the one before."""
    app.extensions["panel"] = panel


def prepare(settings: Settings) -> list[str]:
    """Bring database and definitions up to date, fill an empty site, and return lines for whoever started it.

    The shipped definitions are published where they say something else than what is in force. A site with nobody in it gets
    the demo company, or without DEMO one administrator with a password made up for it. New definitions that conflict with the site's own
    are told among the lines and not published.
    """
    engine = open_engine(settings.DATABASE_URL)
    try:
        migrate.upgrade(engine)
        lines = _ship(engine, settings)
        panel = open_panel(settings, engine)
        with panel.work(Actor.system(), source="system") as work:
            if calendars.ship(work, read_yearbook(settings.DEFINITIONS / "calendars" / "cn.yaml")) is not None:
                redating.redate(work)
        app = create_app(panel, settings)
        with app.app_context():
            security = app.extensions["appbuilder"].sm
            security.add_role(security.auth_role_admin)
            if security.count_users():
                return lines
            return demo.load(panel, clock.now()) if settings.DEMO else _administrator(security)
    finally:
        engine.dispose()


def _ship(engine: Engine, settings: Settings) -> list[str]:
    """Publish the shipped definitions; where they no longer fit the site's own, return why, and what is in force stays. Raises Unsound."""
    files = publishing.merged(engine, read_folder(settings.DEFINITIONS), shipped=True)
    try:
        publishing.publish(
            engine,
            files,
            actor=Actor.system(),
            reason="随程序附带的定义",
            now=clock.now(),
            zone=settings.zone,
            new_rows_only=True,
        )
    except Refused as refused:  # also where records stand in the way
        if not publishing.revision(engine):
            raise
        findings = refused.findings if isinstance(refused, publishing.Unsound) else ()
        wrong = [str(f) for f in findings if f.level == "error"] or [str(refused.reason)]
        return ["随程序附带的定义有新版，与本单位的定义冲突，未启用；请在“系统 › 发布”中查看：", *wrong]
    return []


def _administrator(security: Any) -> list[str]:
    password = secrets.token_urlsafe(12)
    role = security.find_role(security.auth_role_admin)
    security.add_user("admin", "管理员", "系统", "admin@localhost.localdomain", role, password)
    return [f"系统管理员 admin，密码 {password}（只显示这一次，请登录后修改）"]
