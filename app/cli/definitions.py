"""`flask definitions`: what the policies say, checked and brought into force."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app import clock
from app.catalog import coverage
from app.catalog.loader import read_folder
from app.cli.terminal import actor_named, answer, as_option, at_option, current_panel, errors_as_sentences
from app.errors import Refused, say
from app.services import publishing

group = AppGroup("definitions", help="What the policies say: check and bring into force.")


def _files(path: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8")} if path.is_file() else read_folder(path)


@group.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@errors_as_sentences
def check(path: Path | None, as_json: bool) -> None:
    """Check definitions (the shipped ones, or PATH laid over what is in force) and say what publishing would change."""
    planned = publishing.plan(current_panel().engine, _merged(path))
    rows = [
        {"file": f.file, "line": f.line, "path": f.path, "check": f.check, "level": f.level, "says": str(f.sentence)}
        for f in planned.findings
    ]
    changes = [str(s) for s in (*planned.sentences, *(i.says for i in planned.impacts))]
    answer(
        as_json,
        {"findings": rows, "changes": changes},
        [*map(str, planned.findings), *changes] or ["没有问题，也没有变化"],
    )
    if planned.catalog is None:
        raise SystemExit(1)


@group.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--reason", default="", help="Why; kept with the publication.")
@click.option("--new-rows-only", is_flag=True, help="What becomes required is asked of new records alone.")
@as_option
@at_option
@errors_as_sentences
def apply(
    path: Path | None, reason: str, new_rows_only: bool, username: str | None, at: datetime | None, as_json: bool
) -> None:
    """Bring definitions into force: the shipped ones, or PATH (a file or folder of the site's own) added to what is in force."""
    panel = current_panel()
    published = publishing.publish(
        panel.engine,
        _merged(path),
        actor=actor_named(username),
        reason=reason or "flask definitions apply",
        now=at or clock.now(),
        zone=panel.zone,
        new_rows_only=new_rows_only or path is None,
    )
    said = {"revision": published.revision, "registers": len(published.catalog.registers)}
    answer(as_json, said, [f"第 {published.revision} 版已生效，共 {len(published.catalog.registers)} 个登记簿"])


@group.command("coverage")
@click.argument("policy", required=False)
@errors_as_sentences
def coverage_command(policy: str | None, as_json: bool) -> None:
    """Say what implements each article of each policy in force (or of POLICY alone), or why people do it; status 1 if an article is open."""
    found = coverage.coverage(current_panel().catalog)
    if policy is not None and policy not in found:
        raise Refused(say("没有制度“{code}”", code=policy))
    shown = {code: articles for code, articles in found.items() if policy in (None, code)}
    every = tuple(c for articles in shown.values() for c in articles)
    number = coverage.counts(every)
    rows = [
        {
            "policy": c.policy.code, "article": c.article.no, "state": c.state, "text": c.article.text.zh, "parts": c.parts,
            "manual": c.article.manual.zh if c.article.manual else None,
            "by": [{"kind": one.kind, "path": one.path, "label": one.label.zh} for one in c.by],
        }
        for c in every
    ]  # fmt: skip
    words = "，".join(f"{coverage.STATES[s].template} {n}" for s, n in number.items())
    answer(as_json, {"counts": number, "articles": rows}, [*map(_covered, every), f"共 {len(every)} 条：{words}"])
    if number["open"]:
        raise SystemExit(1)


def _covered(c: coverage.Covered) -> str:
    by = "；".join(f"{coverage.NAMES[one.kind].template} {one.label} {one.path}" for one in c.by)
    return "\t".join(
        (
            f"{c.policy.code}-{c.article.no}",
            coverage.STATES[c.state].template,
            by or str(c.article.manual or "") or "、".join(c.parts),
        )
    )


def _merged(path: Path | None) -> dict[str, str]:
    shipped = Path(current_app.config["DEFINITIONS"])
    given = path or shipped
    return publishing.merged(current_panel().engine, _files(given), shipped=given.resolve() == shipped.resolve())
