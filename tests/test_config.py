"""Settings come from the environment alone, and a wrong one is told in a sentence."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
import redis
from celery import Celery
from limits.storage import storage_from_string

import config
from config import SettingsError, read


def settings(tmp_path: Path, **environ: str) -> config.Settings:
    return read({"INSTANCE": str(tmp_path / "instance"), **environ})


def test_nothing_set_gives_an_embedded_panel(tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert made.DATABASE_URL == f"sqlite:///{tmp_path}/instance/rulebook.db"
    assert (made.HOST, made.PORT, made.LOCALE, made.TIME_ZONE) == ("127.0.0.1", 8000, "zh", "Asia/Shanghai")
    assert made.DEMO
    assert not made.SESSION_COOKIE_SECURE
    assert made.DEFINITIONS == config.ROOT / "app" / "definitions"


def test_an_empty_variable_counts_as_left_out(tmp_path: Path) -> None:
    assert settings(tmp_path, PORT="", DATABASE_URL="") == settings(tmp_path)


def test_the_secret_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first, second = settings(tmp_path), settings(tmp_path)
    assert first.SECRET_KEY == second.SECRET_KEY
    assert len(first.SECRET_KEY.get_secret_value()) == 64
    files = os.listdir(tmp_path / "instance")
    assert files == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "instance" / "secret_key").stat().st_mode) == 0o600


def test_every_wrong_value_is_told_at_once_and_no_password_is_repeated(tmp_path: Path) -> None:
    wrong = {
        "DATABASE_URL": "mysql://someone:hunter2@db/x",
        "REDIS_URL": "amqp://someone:hunter2@mq",
        "SECRET_KEY": "hunter2",
        "SMTP_URL": "mail.example:hunter2",
        "TIME_ZONE": "Mars/Base",
        "LOCALE": "fr",
        "PORT": "80000",
        "WEB_THREADS": "many",
        "MAIL_FROM": "nobody",
        "PUBLIC_URL": "rulebook.example",
        "DEMO": "perhaps",
        "DEFINITIONS": str(tmp_path / "nowhere"),
        "UPLOAD_LIMIT_MB": "0",
        "FORWARDED": "-1",
        "SESSION_COOKIE_SECURE": "2",
    }
    with pytest.raises(SettingsError) as error:
        settings(tmp_path, **wrong)
    assert {sentence.split("：")[0].split("=")[0] for sentence in error.value.sentences} == set(wrong)
    assert "PORT=80000：须为 1 到 65535 的整数 / must be a whole number from 1 to 65535" in error.value.sentences
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("zone", ["", "..", "Asia", "/etc/passwd", "Mars/Base"])
def test_a_zone_that_does_not_exist_is_a_sentence_too(tmp_path: Path, zone: str) -> None:
    if not zone:
        assert settings(tmp_path, TIME_ZONE=zone).TIME_ZONE == "Asia/Shanghai"
        return
    with pytest.raises(SettingsError, match="TIME_ZONE"):
        settings(tmp_path, TIME_ZONE=zone)


def test_an_instance_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsError, match="INSTANCE="):
        read({"INSTANCE": str(tmp_path / "file" / "instance")})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_spoken_to_through_psycopg_however_it_is_spelt(tmp_path: Path, scheme: str) -> None:
    made = settings(tmp_path, DATABASE_URL=f"{scheme}://me:p%40ss@db:5433/rules?sslmode=require")
    assert made.DATABASE_URL == "postgresql+psycopg://me:p%40ss@db:5433/rules?sslmode=require"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://db", "rulebook.db", "oracle://x/y"])
def test_a_database_that_processes_cannot_share_or_we_cannot_speak_to_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        settings(tmp_path, DATABASE_URL=url)


def test_a_relative_sqlite_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings(tmp_path, DATABASE_URL="sqlite:///here.db").DATABASE_URL == f"sqlite:///{tmp_path}/here.db"


def test_the_socket_of_a_deeply_nested_instance_moves_to_a_short_path(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    socket = config.broker_socket(deep)
    assert len(str(socket)) <= config.LONGEST_SOCKET_PATH
    assert socket == config.broker_socket(deep)
    assert socket != config.broker_socket(deep / "other")
    assert config.broker_socket(Path("/srv/rulebook")) == Path("/srv/rulebook/valkey.sock")


def test_every_setting_says_what_it_means_in_both_languages() -> None:
    assert [each.name for each in config.VARIABLES] == list(config.Settings.model_fields)
    for each in config.VARIABLES:
        assert each.zh and each.en, each.name
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in each.en), each.name


def test_flask_gets_what_the_settings_say(tmp_path: Path) -> None:
    made = settings(tmp_path, UPLOAD_LIMIT_MB="3", SESSION_COOKIE_SECURE="1", LOCALE="en", REDIS_URL="redis://mq/2")
    flask = config.flask_config(made)
    assert flask["SETTINGS"] is made
    assert flask["MAX_CONTENT_LENGTH"] == 3 * 1024 * 1024
    assert flask["SESSION_COOKIE_SECURE"] is True
    assert flask["SESSION_COOKIE_HTTPONLY"] is True
    assert flask["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert flask["BABEL_DEFAULT_LOCALE"] == "en"
    assert flask["RATELIMIT_STORAGE_URI"] == "redis://mq/2"
    assert (flask["FAB_UPDATE_PERMS"], flask["FAB_CREATE_DB"]) == (False, False)


def test_logins_are_counted_in_the_real_broker(tmp_path: Path, redis_url: str) -> None:
    flask = config.flask_config(settings(tmp_path, REDIS_URL=redis_url))
    storage = storage_from_string(flask["RATELIMIT_STORAGE_URI"])
    assert storage.check()
    assert storage.incr("login", expiry=60) == 1
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 1


@pytest.mark.parametrize("number", [0, 3])
def test_celery_sends_through_the_real_broker_into_the_chosen_database(
    tmp_path: Path, redis_url: str, number: int
) -> None:
    made = settings(tmp_path, REDIS_URL=f"{redis_url}?db={number}")
    with Celery("test", set_as_current=False) as app:
        app.config_from_object(config.celery_config(made))
        app.send_task("app.tasks.sweep")
    with redis.Redis.from_url(f"{redis_url}?db={number}") as client:
        assert client.llen("rulebook") == 1


def test_no_task_may_run_longer_than_the_broker_waits_for_its_end(tmp_path: Path) -> None:
    celery = config.celery_config(settings(tmp_path))
    patience = celery["broker_transport_options"]["visibility_timeout"]
    assert celery["task_soft_time_limit"] < celery["task_time_limit"] < patience


def test_an_address_that_is_no_socket_reaches_celery_unchanged() -> None:
    assert config.celery_url("rediss://:pw@mq:6380/4") == "rediss://:pw@mq:6380/4"
