"""Wiring: from a panel and its settings to a Flask app."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder
from sqlalchemy import Engine
from sqlalchemy.orm import scoped_session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix

from app.models.engine import open_engine
from app.services import panel as panels
from app.services.panel import Panel
from app.web import actor, answers, headers, language, menu, pages, registers
from app.web.page_token import PageToken
from config import Settings, flask_config


def open_panel(settings: Settings, engine: Engine | None = None) -> Panel:
    """Return the panel of the newest publication in the database of ``settings``, on ``engine`` where one is open already."""
    return panels.open_panel(engine or open_engine(settings.DATABASE_URL), settings)


def create_app(panel: Panel, settings: Settings, live: Any = None) -> Flask:
    """Return the Flask app that serves ``panel``; ``live`` is whoever swaps it for the next one."""
    app = Flask("app")
    app.config.update(flask_config(settings))
    app.config.update(FAB_ROLES={}, FAB_INDEX_VIEW="app.web.pages.index.IndexPage")
    app.extensions.update(panel=panel, live=live)
    if settings.FORWARDED:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.FORWARDED] * 4)  # type: ignore[method-assign]
    logging.getLogger("flask_appbuilder").setLevel(logging.WARNING)
    session = scoped_session(sessionmaker(panel.engine))
    app.teardown_appcontext(lambda _error: session.remove())
    headers.protect_answers(app)
    answers.answer_errors(app)
    actor.close_with_request(app)
    PageToken(app)
    with app.app_context():
        builder = AppBuilder(app, session)
        app.before_request(language.choose_language)
        pages.register(builder)
        registers.register(builder, panel)
    app.jinja_env.globals.update(menu=menu.menu, counts=menu.counts, language=language.language, appbuilder=builder, base_template="base.html")
    return app
