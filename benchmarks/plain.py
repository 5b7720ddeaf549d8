"""Plain Flask-AppBuilder over the same cards: one model, its REST interface as generated, no index but the key."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from flask import Flask
from flask_appbuilder import AppBuilder, Model, ModelRestApi
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import BigInteger, Column, DateTime, Integer, String, Text, create_engine, event
from sqlalchemy.orm import scoped_session, sessionmaker

TABLE = "plain_card"
COLUMNS = (
    "id", "record_no", "state", "received_at", "receptionist", "channel", "customer_party", "complainant_name", "complainant_phone",
    "customer", "car_model", "plate_no", "content", "category", "severity", "oms_no", "accepting_dept", "handler", "loss_amount", "remark",
)  # fmt: skip
USER, PASSWORD = "plain", "Plain-Horse-9"


class Card(Model):  # type: ignore[misc]  # FAB's base has no types
    __tablename__ = TABLE
    id = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    received_at = Column(DateTime(timezone=True))
    record_no, state, channel, customer_party, complainant_name, complainant_phone, car_model, plate_no = (
        Column(String(200)) for _ in range(8)
    )
    category, severity, oms_no = (Column(String(200)) for _ in range(3))
    content, remark = Column(Text), Column(Text)
    receptionist, customer, accepting_dept, handler, loss_amount = (Column(BigInteger) for _ in range(5))


class CardApi(ModelRestApi):  # type: ignore[misc]
    datamodel = SQLAInterface(Card)
    resource_name = "card"
    list_columns: ClassVar = list(COLUMNS)
    show_columns: ClassVar = list(COLUMNS)
    edit_columns: ClassVar = list(COLUMNS)
    add_columns: ClassVar = list(COLUMNS)
    page_size, max_page_size = 50, 200


def create() -> Flask:
    """Return the app over the database that ``DATABASE_URL`` names, tuned as kindly as ours: WAL, a large cache."""
    url = os.environ["DATABASE_URL"]
    engine = create_engine(url, pool_size=16)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune)
    app = Flask("plain")
    app.config.update(
        SECRET_KEY="plain" * 8,
        FAB_UPDATE_PERMS=False,
        FAB_ADD_SECURITY_VIEWS=True,
        SQLALCHEMY_DATABASE_URI=url,
        RATELIMIT_ENABLED=False,
        AUTH_RATE_LIMITED=False,
    )
    session = scoped_session(sessionmaker(engine))
    app.teardown_appcontext(lambda _error: session.remove())
    with app.app_context():
        builder = AppBuilder(app, session)
        builder.add_api(CardApi)
    return app


def _tune(connection: Any, _entry: Any) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "cache_size=-65536",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def prepare(url: str) -> None:
    """Copy the cards into the plain table, and let one person in."""
    os.environ["DATABASE_URL"] = url
    _copy(url)
    _let_in()


def _copy(url: str) -> None:
    engine = create_engine(url)
    chosen = ", ".join(COLUMNS)
    with engine.begin() as connection:
        Card.__table__.create(connection)
        connection.exec_driver_sql(f"INSERT INTO {TABLE} ({chosen}) SELECT {chosen} FROM r_complaint ORDER BY id")  # noqa: S608  # our own names
        if engine.dialect.name == "postgresql":  # the site's people have brought their numbers with them
            connection.exec_driver_sql("SELECT setval('ab_user_id_seq', (SELECT max(id) FROM ab_user))")
    engine.dispose()


def _let_in() -> None:
    app = create()
    app.config["FAB_UPDATE_PERMS"] = True
    with app.app_context():
        builder = app.extensions["appbuilder"]
        builder.add_permissions(update_perms=True)
        security = builder.sm
        role = security.find_role("Admin") or security.add_role("Admin")
        for permission in (
            security.get_all_permissions_views() if hasattr(security, "get_all_permissions_views") else ()
        ):
            security.add_permission_role(role, permission)
        security.add_user(USER, "Plain", "User", "plain@example.com", role, PASSWORD)
