"""Whatever is sent to the REST doors of a register: no failure of ours, and nothing half-written."""

from __future__ import annotations

import io
import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from schemathesis import Case
from sqlalchemy import func, select

from app.models.fixed import import_run, record_version
from app.web.import_api import TYPES
from tests.web.site import PASSWORD, Site

PATH = "/api/v1/complaint"
EXAMPLES = 110
"""Requests in all, spread over the operations."""


def schema_of(site: Site) -> Any:
    """Return what the panel says of its own doors to a clerk, with the clerk's token."""
    client = site.app.test_client()
    login = {"username": "owner", "password": PASSWORD, "provider": "db"}
    token = client.post("/api/v1/security/login", json=login).get_json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    described = client.get("/api/v1/_openapi", headers=bearer).get_json()
    described["paths"] = {p: d for p, d in described["paths"].items() if p.startswith(PATH)}
    schema = schemathesis.openapi.from_dict(described)
    schema.app = site.app
    return schema, bearer


def written(site: Site) -> tuple[int, int, int]:
    """Return how many complaints there are, how many of their changes are kept, and how many rows runs say to have written."""
    with site.panel.engine.connect() as connection:
        table = site.panel.models.tables["complaint"]
        records, versions = connection.execute(select(func.count(), func.sum(table.c.version))).one()
        kept = select(func.count()).where(record_version.c.register == "complaint")
        assert versions == connection.execute(kept).scalar_one(), "each change of each record has its version"
        brought = select(func.count()).where(record_version.c.import_run.is_not(None))
        said = select(func.coalesce(func.sum(import_run.c.created + import_run.c.updated), 0))
        assert connection.execute(brought).scalar_one() == connection.execute(said).scalar_one()
        return records, versions, connection.execute(said).scalar_one()


def test_no_request_that_the_description_allows_or_forbids_makes_the_panel_fail(site: Site) -> None:
    schema, bearer = schema_of(site)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 10
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=st.one_of([o.as_strategy(generation_mode=m) for o in operations for m in MODES]), real=st.booleans())
    def answers(case: Case, real: bool) -> None:
        before = written(site)
        if real and "pk" in case.path_parameters:
            case.path_parameters["pk"] = site.complaint
        answer = case.call(headers=bearer)
        statuses.add(answer.status_code)
        assert answer.status_code < 500, (case.method, case.formatted_path, case.body, answer.text)
        after = written(site)
        if answer.status_code >= 400:
            assert after[:2] == before[:2], "what is refused leaves nothing behind"

    answers()
    assert statuses >= {200, 201, 404, 422}, statuses


def test_files_that_are_cut_flipped_or_mixed_up_are_taken_or_refused_whole(site: Site) -> None:
    owner = site.browser("owner")
    token = {"X-CSRFToken": owner.token("/")}
    statuses: set[int] = set()

    @settings(
        max_examples=60, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        body=spoilt(),
        kind=st.sampled_from(TYPES),
        query=st.fixed_dictionaries(
            {},
            optional={
                "dry_run": st.just("1"), "mode": st.sampled_from(["all", "good"]), "key": st.sampled_from(["case_no", "subject", "x"]),
                "writes": st.sampled_from(["both", "insert", "update"]), 
                "encoding": st.sampled_from(["gb18030", "utf-16", "utf-32", "big5", "utf-7", "undefined"]),
                "delimiter": st.sampled_from([",", ";"]), "header_line": st.integers(1, 5),
                "again": st.just("1"), "year": st.just(2026),
            },
        ),
    )  # fmt: skip
    def answers(body: bytes, kind: str, query: dict[str, Any]) -> None:
        before = written(site)
        answer = owner.client.post(f"{PATH}/import", data=body, content_type=kind, headers=token, query_string=query)
        statuses.add(answer.status_code)
        assert answer.status_code in (200, 409, 422), answer.get_data(as_text=True)
        after = written(site)
        assert "dry_run" not in query or after == before, "a trial writes nothing"
        if answer.status_code != 200:
            assert after[:2] == before[:2], "what is refused leaves nothing behind"

    answers()
    assert statuses >= {200, 422}, statuses


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Return a file as people bring it, cut somewhere, with some bytes of it changed."""
    rows = draw(
        st.lists(
            st.tuples(
                st.text(max_size=8), st.sampled_from(["服务", "质量", "红"]), st.text("0123456789.-", max_size=4)
            ),
            max_size=5,
        )
    )
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    objects = (json.dumps(dict(zip(("subject", "kind", "score"), r, strict=True))) for r in rows)
    made = {
        "csv": lambda: "\r\n".join(["事由,类别,评分", *(",".join(r) for r in rows)]).encode(encoding, "replace"),
        "json": lambda: "\n".join(objects).encode(),
        "xlsx": lambda: workbook(rows),
    }
    whole = bytearray(made[draw(st.sampled_from(sorted(made)))]())
    for place, byte in draw(st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=3)):
        if place < len(whole):
            whole[place] = byte
    return bytes(whole[: draw(st.sampled_from([None, None, None, len(whole) // 2]))])


def workbook(rows: list[tuple[str, str, str]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["事由", "类别", "评分"])
    for row in rows:
        book.active.append([ILLEGAL_CHARACTERS_RE.sub("", c) for c in row])
    book.save(out)
    return out.getvalue()


MODES = tuple(schemathesis.GenerationMode)
