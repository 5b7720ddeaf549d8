"""A file into a register: tried out, then all of it or its good rows, once, whatever is killed in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import partial
from itertools import dropwhile, islice
from pathlib import Path
from typing import Any, BinaryIO

from app.errors import CellError, Invalid, Refused, Sentence, say
from app.exchange import apart, applying, column_choices, runs, undoing
from app.exchange.ahead import Ahead, Batch, Planned
from app.exchange.plan import Plan, make_plan
from app.exchange.preview import Preview, dry_run
from app.exchange.refused import write_refused
from app.exchange.runs import AlreadyImported, Cancelled, ImportReport, Options
from app.exchange.spool import Spool
from app.models import turns
from app.models.behind import ahead as following
from app.models.behind import writing_behind
from app.models.bulk import seldom_collected
from app.models.engine import unmapped
from app.models.foreseen import Stale
from app.services import people, scope
from app.services.panel import Actor, Panel, Work

__all__ = ["AlreadyImported", "Cancelled", "ImportReport", "Preview", "carry_on", "dry_run", "prepare", "run"]

BACKGROUND = 1_000
"""Files of more rows are imported by a worker, not while the person waits."""

PATIENT = 500
"""Rows that are written together while somebody else waits for his turn."""

ALONG = 3
"""Files of more batches are read by a process of its own."""

Progress = Callable[[int, int], None]
"""Called after each batch with the rows done and the rows in all; may raise Cancelled."""


def run(
    panel: Panel,
    actor: Actor,
    register: str,
    file: Path | BinaryIO,
    *,
    now: datetime,
    progress: Progress | None = None,
    **options: Any,
) -> ImportReport:
    """Import a file and return what came of it; ``prepare`` and ``carry_on`` in one.

    ``options`` are those of ``prepare``: ``keys`` are the fields that find the record a row changes (none: every row is new);
    ``mode`` ``all`` writes all rows or none, in one transaction; ``good`` writes the good ones in batches and gives the
    others back as a file. Raises Forbidden, Missing, AlreadyImported.
    """
    run_id = prepare(panel, actor, register, file, now=now, **options)
    return carry_on(panel, run_id, now=now, progress=progress)


def prepare(
    panel: Panel,
    actor: Actor,
    register: str,
    file: Path | BinaryIO,
    *,
    now: datetime,
    name: str = "",
    source: str = "import",
    again: bool = False,
    **options: Any,
) -> int:
    """Keep a file and note a run for it, without reading it; return the run's number for ``carry_on``, here or in a worker.

    ``options`` are those of ``runs.Options``.
    Raises Forbidden, Missing, and AlreadyImported where the same content came before and ``again`` is not said.
    """
    with panel.reading(actor, now=now) as work:
        scope.demand(work, register, "import")
    sha256, path = runs.keep_file(panel, file)
    called = name or (file.name if isinstance(file, Path) else "")
    with panel.work(actor, now=now, source=source) as work:
        return runs.begin(work, register, called, sha256, path, Options.given(options), again=again)


def carry_on(panel: Panel, run_id: int, *, now: datetime, progress: Progress | None = None) -> ImportReport:
    """Do a run from where it stands to its end and return what came of it; a run that is over is only reported.

    May be called any number of times, by several processes at once, after any crash: every row goes in exactly once.
    ``now`` is the moment of the records' history. What is wrong with the file ends the run as failed, with its errors.
    """
    row = runs.take_up(panel, run_id)
    if row["undoes"] is not None:
        try:
            undoing.carry_on(panel, row, now=now, progress=progress or (lambda done, total: None))
        except Refused as refused:
            _end(panel, run_id, "failed", refused.reason)
    elif row["state"] == "running":
        with panel.reading(Actor.system(), now=now) as work:
            actor = Actor.system() if row["person"] is None else people.actor(work, row["person"])
        task = _Run(panel, actor, run_id, now, str(row["source"]), progress or (lambda done, total: None))
        with seldom_collected():
            task.start(row["register"], panel.files / "imports" / row["stored"], Options.from_text(row["options"]))
    elif row["state"] == "cancelling":
        _end(panel, run_id, "cancelled", say("已取消"))
    return runs.report(panel, run_id)


def _end(panel: Panel, run_id: int, state: str, message: Sentence, errors: Sequence[CellError] = ()) -> None:
    with panel.work(Actor.system(), source="system") as work:
        if runs.finish(work, run_id, state, message):
            runs.keep_errors(work, run_id, errors)


class _Undone(Refused):
    """Leaves the transaction of an all-or-nothing run without committing it."""


class _NotOurs(Exception):  # nothing is wrong
    """Leaves the transaction of a batch: somebody else carries the run on, or it is to end."""


class _Run:
    """One run being carried on by this process."""

    def __init__(self, panel: Panel, actor: Actor, run_id: int, now: datetime, source: str, progress: Progress) -> None:
        self.panel, self.actor, self.run_id = panel, actor, run_id
        self.now, self.source, self.progress = now, source, progress

    def start(self, register: str, path: Path, options: Options) -> None:
        try:
            with self.panel.reading(self.actor, now=self.now) as work:
                plan = make_plan(work, register, path, options)
        except Invalid as invalid:
            return _end(self.panel, self.run_id, "failed", say("文件不能导入"), invalid.errors)
        except Refused as refused:
            return _end(self.panel, self.run_id, "failed", refused.reason)
        if plan.errors:
            return _end(self.panel, self.run_id, "failed", say("文件不能导入"), plan.errors)
        with self.panel.work(Actor.system(), source="system") as work:
            runs.note(work, self.run_id, total=plan.survey.rows)
            if options.mapping is not None:
                column_choices.keep(work.acting(self.actor), register, plan.sheet.shape.columns, options.mapping)
        if options.mode == "all":
            self.all_or_nothing(plan)
        else:
            self.good_rows(plan)

    @contextmanager
    def work(self) -> Iterator[Work]:
        opened = self.panel.work(self.actor, now=self.now, source=self.source, gives_way=True)
        with opened as work, unmapped(work.connection), writing_behind(work.connection):
            yield work

    def ahead(self, plan: Plan, *, one_moment: bool) -> Ahead:
        return Ahead(self.panel, self.actor, plan, self.run_id, now=self.now, source=self.source, one_moment=one_moment)

    def good_rows(self, plan: Plan) -> None:
        """Commit each batch by itself, together with how far the run is."""
        with self.panel.reading(self.actor) as work:
            done = runs.row_of(work.connection, self.run_id)["done_line"]
        try:
            with self.ahead(plan, one_moment=False) as ahead:
                for batch in self.parts(self.remaining(plan, done)):
                    if (planned := ahead.plan(batch)) is not None:
                        ahead.write(batch, partial(self.commit, plan, batch, planned))
                        late = ahead.late(1)
                    else:
                        late = [*ahead.late(), batch]
                    for one in late:
                        self.commit(plan, one)
                for one in ahead.late():
                    self.commit(plan, one)
        except Cancelled:
            return self.cancelled(plan)
        except _NotOurs:
            with self.panel.reading(self.actor) as work:
                cancelling = runs.cancelling(work.connection, self.run_id)
            if cancelling:
                self.cancelled(plan)
        else:
            self.finished(plan)

    def parts(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Yield batches, or smaller ones while somebody else waits for his turn to write."""
        for batch in batches:
            yield from batch.parts(PATIENT) if turns.wanted(self.panel.engine) else (batch,)

    def commit(self, plan: Plan, batch: Batch, planned: Planned | None = None) -> None:
        """Write one batch as it was planned, or worked out now, and report progress. Raises Stale, Cancelled, and _NotOurs."""
        with self.work() as work:
            if not runs.claim(work, self.run_id, batch.before, batch.line):
                raise _NotOurs
            if planned is not None:
                found = planned.found
                planned.script.write(work.connection)
            else:
                found = plan.sort(work, batch.rows, batch.first, batch.plain)
                applying.write(work, plan, found, self.run_id)
            runs.count(
                work, self.run_id,
                created=len(found.new), updated=len(found.changed), unchanged=len(found.unchanged), refused=len(found.refused),
            )  # fmt: skip
            runs.keep_errors(work, self.run_id, [e for one in found.refused for e in one.errors])
        self.progress(batch.last, plan.survey.rows)

    def all_or_nothing(self, plan: Plan) -> None:
        """Write everything in one transaction; after the first error only check the rest, so that all errors are told."""
        try:
            self.all_at_once(plan, self.ahead(plan, one_moment=True))
        except Stale:  # somebody came between: once more, with everything asked where it is written
            self.all_at_once(plan, None)

    def all_at_once(self, plan: Plan, ahead: Ahead | None) -> None:
        """Do the same. Raises Stale where what ``ahead`` foresaw has changed, with nothing written."""
        counts: dict[str, Any] = dict.fromkeys(("created", "updated", "unchanged", "refused"), 0)
        with Spool() as errors:
            try:
                with self.work() as work, ahead or nullcontext():
                    for batch in self.remaining(plan, 0):
                        planned = ahead.plan(batch) if ahead is not None and not counts["refused"] else None
                        if ahead is not None and ahead.late(0 if planned is None else 1):
                            raise Stale
                        if planned is not None:
                            found = planned.found
                            if ahead is not None and not found.refused:
                                ahead.write(batch, partial(planned.script.write, work.connection))
                        else:
                            found = plan.sort(work, batch.rows, batch.first, batch.plain)
                            if counts["refused"] or found.refused:
                                applying.check(work, plan, found)
                            else:
                                applying.write(work, plan, found, self.run_id)
                        errors.add(e for one in found.refused for e in one.errors)
                        counts["created"] += len(found.new)
                        counts["updated"] += len(found.changed)
                        counts["unchanged"] += len(found.unchanged)
                        counts["refused"] += len(found.refused)
                        self.tell(work, batch.last, plan, batch.line)
                    if counts["refused"]:
                        raise _Undone(say("全部未导入"))
                    if ahead is not None and ahead.late():
                        raise Stale
                    if not runs.finish(work, self.run_id, "done", **counts):
                        raise _Undone(say("全部未导入"))
            except _Undone:
                if counts["refused"]:
                    self.failed(plan, counts["refused"], errors)
            except Cancelled:
                self.cancelled(plan)

    def tell(self, work: Work, done: int, plan: Plan, line: int) -> None:
        """Report progress out of a transaction that is not committed yet; SQLite's only writer is that transaction."""
        if work.connection.dialect.name == "postgresql":
            with self.panel.work(Actor.system(), source="system") as aside:
                if runs.cancelling(aside.connection, self.run_id):
                    raise Cancelled
                runs.note(aside, self.run_id, done_line=line)
        self.progress(done, plan.survey.rows)

    def remaining(self, plan: Plan, done: int) -> Iterator[Batch]:
        """Yield the rows below line ``done`` in batches."""

        def batches() -> Iterator[Batch]:
            before = done
            left = dropwhile(lambda numbered: numbered[1].line <= done, enumerate(plan.sheet.rows(), 1))
            while batch := list(islice(left, plan.batch)):
                rows = [row for _, row in batch]
                yield Batch(before, batch[0][0], rows, plan.parser.read(rows))
                before = rows[-1].line

        # a process of its own costs more than it saves before there are some batches
        long = apart.POSSIBLE and plan.survey.rows > ALONG * plan.batch
        return apart.made_apart(batches()) if long else following(batches())

    def finished(self, plan: Plan) -> None:
        file = write_refused(self.panel, self.run_id, plan)
        with self.panel.work(Actor.system(), source="system") as work:
            runs.finish(work, self.run_id, "done", errors_file=file)

    def failed(self, plan: Plan, refused: int, errors: Spool) -> None:
        with self.panel.work(Actor.system(), source="system") as work:
            if not runs.finish(
                work, self.run_id, "failed", say("有 {n} 行不能导入，全部未导入", n=refused), refused=refused
            ):
                return
            for part in errors.parts():
                runs.keep_errors(work, self.run_id, part)
        file = write_refused(self.panel, self.run_id, plan)
        with self.panel.work(Actor.system(), source="system") as work:
            runs.note(work, self.run_id, errors_file=file)

    def cancelled(self, plan: Plan) -> None:
        file = write_refused(self.panel, self.run_id, plan)
        with self.panel.work(Actor.system(), source="system") as work:
            runs.finish(work, self.run_id, "cancelled", say("已取消"), errors_file=file)
