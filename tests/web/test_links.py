"""Whoever follows any link that a page shows him arrives."""

from __future__ import annotations

import re
from collections import Counter, deque

import pytest

from tests.web.site import Site

ALIKE = 2
"""Pages of one kind that are opened: the first ones stand for the rest."""
LINK = re.compile(r"<a\b[^>]*?\bhref=\"([^\"]+)\"")


def kind(url: str) -> str:
    """Return an address without what makes it one of many: numbers, codes, and the values it asks with."""
    path, _, query = url.partition("?")
    path = re.sub(r"/(registers|grid|board|exports|indicators|coverage)/\w+", r"/\1/…", re.sub(r"/\d+", "/0", path))
    return f"{path}?{'&'.join(sorted(part.partition('=')[0] for part in query.split('&')))}"


def broken(site: Site, name: str) -> dict[str, tuple[int, str]]:
    """Return the links that lead nowhere for a person, each with its status and the page that shows it."""
    browser = site.browser(name)
    found: dict[str, tuple[int, str]] = {}
    opened: Counter[str] = Counter()
    shown_on = {"/": ""}
    ahead = deque(shown_on)
    while ahead:
        url = ahead.popleft()
        opened[kind(url)] += 1
        if opened[kind(url)] > ALIKE:
            continue
        answer = browser.get(url, follow_redirects=True)
        if answer.status_code >= 400:
            found[url] = (answer.status_code, shown_on[url])
        if answer.mimetype != "text/html":
            continue
        for link in LINK.findall(answer.get_data(as_text=True)):
            to = link.partition("#")[0].replace("&amp;", "&")
            to = url.partition("?")[0] + to if to.startswith("?") else to
            leaves = not re.match(r"/(?!/|static/|logout|lang/)", to) or "lang=" in to
            if not leaves and to not in shown_on:
                shown_on[to] = url
                ahead.append(to)
    assert len(opened) > 20
    return found


@pytest.mark.parametrize("name", ["admin", "chief", "owner", "stranger"])
def test_no_link_that_a_page_shows_leads_nowhere(site: Site, name: str) -> None:
    assert broken(site, name) == {}
