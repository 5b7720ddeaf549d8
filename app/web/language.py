"""The reader's language: labels, sentences and the choice between Chinese and English."""

from __future__ import annotations

from flask import current_app, request, session
from flask_babel import LazyString, get_locale, gettext

from app.errors import Sentence
from app.fields.label import Label


def language() -> str:
    """Return the reader's language, ``zh`` or ``en``; ``zh`` outside a request."""
    return str(get_locale() or "zh")[:2]


def label(name: Label) -> str:
    """Return a name in the reader's language."""
    return name.text(language())


def lazy_label(name: Label) -> LazyString:
    """Return a name that is put into the reader's language when it is shown."""
    return LazyString(label, name)


def sentence(said: Sentence) -> str:
    """Return a sentence in the reader's language."""
    return said.text(gettext, language())


def choose_language() -> None:
    """Keep the language that ``?lang=`` asks for; before each request."""
    if (wanted := request.args.get("lang")) in current_app.config["LANGUAGES"]:
        session["locale"] = wanted


def language_comma() -> str:
    """Return what stands between the parts of a list."""
    return "、" if language() == "zh" else ", "


def headed(head: str, text: str) -> str:
    """Return a text after what it is about, with the language's colon between."""
    return f"{head}：{text}" if language() == "zh" else f"{head}: {text}"
