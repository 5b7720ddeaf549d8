"""Settings: read from environment variables, checked at once, and handed to Flask and Celery from here only."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent

#: A Unix socket's path may be no longer than this on the systems we run on (macOS has the least).
LONGEST_SOCKET_PATH = 103


def _setting(default: str, zh: str, en: str, must: str = "", **limits: Any) -> Any:
    """Declare one setting: its default as one would type it, its meaning, and what a value must be.

    `{ROOT}` in a default stands for the folder of this file, `{INSTANCE}` for the setting of that name.
    """
    notes: dict[str, Any] = {"default": default, "zh": zh, "en": en, "must": must}
    return Field(json_schema_extra=notes, **limits)


class Settings(BaseModel):
    """Every setting, once; each is the environment variable of the same name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    INSTANCE: Path = _setting(
        "{ROOT}/instance",
        "本机数据所在的文件夹：数据库、附件、密钥、任务队列",
        "folder of what belongs to this machine: database, files, secret key, task queue",
    )
    DATABASE_URL: str = _setting(
        "sqlite:///{INSTANCE}/rulebook.db",
        "数据库：SQLite 文件或 PostgreSQL",
        "database: a SQLite file or PostgreSQL",
        "须为 sqlite:////绝对路径 或 postgresql://用户:密码@主机/库名 / "
        "must be sqlite:////absolute/path or postgresql://user:password@host/name",
    )
    REDIS_URL: str = _setting(
        "unix://{INSTANCE}/valkey.sock",
        "任务队列；不填则自带的 Valkey 随 make run 启停",
        "task queue; left out, the bundled Valkey starts and stops with make run",
        "须为 redis://、rediss:// 或 unix:// 地址 / must be a redis://, rediss:// or unix:// address",
    )
    SECRET_KEY: SecretStr = _setting(
        "",
        "会话与令牌的密钥；不填则首次启动时生成于 INSTANCE/secret_key",
        "key of sessions and tokens; left out, made at the first start in INSTANCE/secret_key",
        "至少 32 个字符 / must have at least 32 characters",
        min_length=32,
    )
    TIME_ZONE: str = _setting(
        "Asia/Shanghai",
        "日期与时限按此时区计算和显示",
        "zone in which days and deadlines are counted and shown",
        "须为 IANA 时区名，如 Asia/Shanghai / must be an IANA zone name such as Asia/Shanghai",
    )
    LOCALE: str = _setting(
        "zh", "默认语言", "default language", "须为 zh 或 en / must be zh or en", pattern="^(zh|en)$"
    )
    HOST: str = _setting("127.0.0.1", "网页监听的地址", "address the pages listen on")
    PORT: int = _setting(
        "8000",
        "网页监听的端口",
        "port the pages listen on",
        "须为 1 到 65535 的整数 / must be a whole number from 1 to 65535",
        ge=1,
        le=65535,
    )
    WEB_THREADS: int = _setting(
        "8",
        "同时处理的网页请求数",
        "page requests answered at the same time",
        "须为 1 到 64 的整数 / must be a whole number from 1 to 64",
        ge=1,
        le=64,
    )
    SMTP_URL: str = _setting(
        "",
        "发邮件的服务器 smtp://用户:密码@主机:端口?tls=1；不填则通知只在站内",
        "mail server smtp://user:password@host:port?tls=1; left out, notices stay inside the panel",
        "须为 smtp:// 或 smtps:// 加主机名 / must be smtp:// or smtps:// and a host",
    )
    MAIL_FROM: str = _setting(
        "rulebook@localhost",
        "通知邮件的发件人",
        "sender of notice mails",
        "须为邮箱地址 / must be a mail address",
        pattern=r"^[^@\s]+@[^@\s]+$",
    )
    PUBLIC_URL: str = _setting(
        "",
        "人们打开本系统的网址，邮件和群消息里的链接以它开头；不填则为 http://HOST:PORT",
        "address at which people open the panel, which links in mails and group messages begin with; left out, http://HOST:PORT",
        "须为 http:// 或 https:// 加主机名 / must be http:// or https:// and a host",
    )
    DEMO: bool = _setting(
        "1",
        "空库首次启动时装入演示公司",
        "load the demo company into an empty database at the first start",
        "须为 1 或 0 / must be 1 or 0",
    )
    DEFINITIONS: Path = _setting(
        "{ROOT}/app/definitions",
        "随附定义（制度、登记簿、角色、日历）所在的文件夹",
        "folder of the shipped definitions (policies, registers, roles, calendars)",
        "须为已有的文件夹 / must be a folder that exists",
    )
    UPLOAD_LIMIT_MB: int = _setting(
        "50",
        "单次上传的上限（兆字节）",
        "largest upload, in megabytes",
        "须为 1 到 2048 的整数 / must be a whole number from 1 to 2048",
        ge=1,
        le=2048,
    )
    APPEAL_WORKING_DAYS: int = _setting(
        "5",
        "制度没有写明时，被处罚人自确认起可以申诉的工作日数",
        "working days after the confirmation within which a fine may be appealed against, where the policy names none",
        "须为 0 到 60 的整数 / must be a whole number from 0 to 60",
        ge=0,
        le=60,
    )
    FORWARDED: int = _setting(
        "0",
        "面前有几层可信的反向代理",
        "number of trusted reverse proxies in front",
        "须为 0 到 5 的整数 / must be a whole number from 0 to 5",
        ge=0,
        le=5,
    )
    SESSION_COOKIE_SECURE: bool = _setting(
        "0",
        "只经 HTTPS 传送会话；网站用 HTTPS 时设为 1",
        "send the session over HTTPS alone; set to 1 where the site has HTTPS",
        "须为 1 或 0 / must be 1 or 0",
    )

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.TIME_ZONE)

    @property
    def public_url(self) -> str:
        """Where people find the panel, without a slash at the end."""
        return self.PUBLIC_URL.rstrip("/") or f"http://{self.HOST}:{self.PORT}"

    @field_validator("DATABASE_URL")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            url = make_url(value.replace("postgres://", "postgresql://", 1))
        except ArgumentError as error:
            raise ValueError from error
        if url.drivername in ("postgresql", "postgresql+psycopg") and url.database:
            return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        # In memory each process and thread would have a database of its own.
        if url.drivername == "sqlite" and url.database not in (None, "", ":memory:"):
            return url.set(database=str(Path(str(url.database)).absolute())).render_as_string(hide_password=False)
        raise ValueError

    @field_validator("REDIS_URL")
    @classmethod
    def _known_broker(cls, value: str) -> str:
        parts = urlsplit(value)
        if not (parts.path if parts.scheme == "unix" else parts.hostname and parts.scheme in ("redis", "rediss")):
            raise ValueError
        return value

    @field_validator("TIME_ZONE")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ZoneInfoNotFoundError, IsADirectoryError) as error:
            raise ValueError from error

    @field_validator("SMTP_URL")
    @classmethod
    def _known_mail_server(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme in ("smtp", "smtps") and parts.hostname):
            raise ValueError
        return value

    @field_validator("PUBLIC_URL")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (parts.scheme in ("http", "https") and parts.hostname):
            raise ValueError
        return value

    @field_validator("DEFINITIONS")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        if not value.is_dir():
            raise ValueError
        return value


@dataclass(frozen=True)
class Variable:
    """One setting as the README lists it: its name, its default as one would type it, its meaning."""

    name: str
    default: str
    zh: str
    en: str
    must: str


#: All settings, in the order of their declaration.
VARIABLES: tuple[Variable, ...] = tuple(
    Variable(name, **field.json_schema_extra)  # type: ignore[arg-type]
    for name, field in Settings.model_fields.items()
)


class SettingsError(ValueError):
    """Some settings are wrong; `sentences` has one for each of them."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that `environ` gives; a variable that is empty counts as left out.

    Makes the folder INSTANCE and the secret key in it when they are not there yet.

    Raises:
        SettingsError: with a sentence for every wrong value.
    """
    given = {each.name: environ[each.name] for each in VARIABLES if environ.get(each.name)}
    instance = Path(given.get("INSTANCE") or ROOT / "instance").absolute()
    values = {each.name: each.default.format(ROOT=ROOT, INSTANCE=instance) for each in VARIABLES} | given
    values["INSTANCE"] = str(instance)
    if "REDIS_URL" not in given:
        values["REDIS_URL"] = f"unix://{broker_socket(instance)}"
    try:
        instance.mkdir(parents=True, exist_ok=True)
        values["SECRET_KEY"] = given.get("SECRET_KEY") or _secret_key(instance)
    except OSError as error:
        raise SettingsError([f"INSTANCE={instance}：无法写入 / cannot be written: {error.strerror}"]) from error
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors()}
        raise SettingsError([_sentence(each, values[each.name]) for each in VARIABLES if each.name in wrong]) from None


def broker_socket(instance: Path) -> Path:
    """Return where the embedded broker of `instance` listens: there, unless the path is too long for a socket."""
    socket = instance / "valkey.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
        return socket
    digest = hashlib.sha256(os.fsencode(instance)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"rulebook-{os.getuid()}-{digest}" / "valkey.sock"


def flask_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration of the Flask app; `SETTINGS` in it is `settings` itself."""
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.SECRET_KEY.get_secret_value(),
        "SQLALCHEMY_DATABASE_URI": settings.DATABASE_URL,
        "MAX_CONTENT_LENGTH": settings.UPLOAD_LIMIT_MB * 1024 * 1024,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.SESSION_COOKIE_SECURE,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        # A form may lie open over lunch; its token lives as long as the session.
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_DEFAULT_LOCALE": settings.LOCALE,
        "BABEL_DEFAULT_TIMEZONE": settings.TIME_ZONE,
        "LANGUAGES": {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}},
        "APP_NAME": "规簿",
        "AUTH_TYPE": 1,
        "AUTH_USER_REGISTRATION": False,
        "AUTH_RATE_LIMITED": True,
        "RATELIMIT_ENABLED": True,
        "RATELIMIT_STORAGE_URI": settings.REDIS_URL.replace("unix://", "redis+unix://", 1),
        # With the broker away people can still log in, each process counting for itself.
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        # of two who sign in at the moment the store is lost, the fallback is for the first; the second is let pass, not shown an error
        "RATELIMIT_SWALLOW_ERRORS": True,
        # Permissions and tables are the publisher's and the migrations' work, never a start-up's.
        "FAB_UPDATE_PERMS": False,
        "FAB_CREATE_DB": False,
        "FAB_SECURITY_MANAGER_CLASS": "app.web.security.PanelSecurity",
        "FAB_BASE_TEMPLATE": "base.html",
        "FAB_ADD_SECURITY_PERMISSION_VIEW": False,
        "FAB_ADD_SECURITY_VIEW_MENU_VIEW": False,
        "FAB_ADD_SECURITY_PERMISSION_VIEWS_VIEW": False,
        "FAB_API_MAX_PAGE_SIZE": 200,
        "FAB_PASSWORD_COMPLEXITY_ENABLED": True,
    }


def celery_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration of Celery: the beat's schedule, and delivery that survives a killed worker."""
    broker = celery_url(settings.REDIS_URL)
    return {
        "broker_url": broker,
        "result_backend": broker,
        "broker_connection_retry_on_startup": True,
        # A task that runs longer than this is handed out a second time: the time limits below stay under it.
        "broker_transport_options": {"visibility_timeout": 3600},
        "task_soft_time_limit": 3000,
        "task_time_limit": 3300,
        # A worker asked to quit gives a task this long, then puts it back into the queue.
        "worker_soft_shutdown_timeout": 8.0,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        # Only who imports a file waits for an answer; that task says so itself.
        "task_ignore_result": True,
        "result_expires": timedelta(days=1),
        "task_default_queue": "rulebook",
        "task_serializer": "json",
        "accept_content": ["json"],
        "enable_utc": True,
        "timezone": "UTC",
        # A wake-up nobody heard in time is worth nothing: the next one does its work.
        "beat_schedule": {
            "sweep": {"task": "app.tasks.sweep", "schedule": 60.0, "options": {"expires": 60}},
            "recalculate": {"task": "app.tasks.recalculate", "schedule": 300.0, "options": {"expires": 300}},
            "deliver": {"task": "app.tasks.deliver", "schedule": 30.0, "options": {"expires": 30}},
        },
    }


def celery_url(redis_url: str) -> str:
    """Return a REDIS_URL in the form that Celery's transport reads; only addresses of sockets differ."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def _secret_key(instance: Path) -> str:
    """Return the key kept in `instance`; the first process to ask makes it, readable by its owner alone."""
    path = instance / "secret_key"
    if not path.exists():
        fresh = instance / f"secret_key.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32), encoding="ascii")
        # Unlike a rename, a link never takes the place of the key another process has just made.
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()


def _sentence(variable: Variable, value: str) -> str:
    """Say what is wrong with `value`, without repeating what may hold a password."""
    shown = "" if variable.name.endswith(("_URL", "_KEY")) else f"={value}"
    return f"{variable.name}{shown}：{variable.must}"
