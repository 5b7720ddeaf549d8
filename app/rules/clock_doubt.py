"""Whether a clock may be believed: one that jumps ahead would fine people for time that has not passed."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.clock import Reading
from app.errors import Sentence, say
from app.rules.calendar import WorkCalendar

TOLERANCE = timedelta(minutes=5)
"""How far the wall clock may run from the stopwatch between two readings."""
DATABASE_TOLERANCE = timedelta(minutes=2)
"""How far it may be from the clock of a database on another machine."""
BACKWARD = timedelta(hours=1)
"""How far behind the last reading it may fall; less is harmless, since nothing that was done is undone."""
LONGEST_GAP = timedelta(days=31)
"""After a longer silence somebody looks at the clock before a month of lateness is charged at once."""


def doubt(now: Reading, last: Reading | None, database: datetime | None, calendar: WorkCalendar) -> Sentence | None:
    """Return why the wall clock of ``now`` is not to be believed; None if it is.

    ``last`` is the reading of the tick before, ``database`` what the database's own clock says, where it has one.
    A clock that is wrong from the start, with nothing to compare it with, cannot be found out.
    """
    if database is not None and abs(now.now - database) > DATABASE_TOLERANCE:
        return say("本机时间与数据库的时间相差 {minutes} 分钟", minutes=_minutes(abs(now.now - database)))
    if now.now > calendar.end_of(calendar.last_day):
        return say("本机时间已超出工作日历的最后一天 {day}", day=calendar.last_day)
    if last is None:
        return None
    passed = now.now - last.now
    if -passed > BACKWARD:
        return say("本机时间比上次检查时倒退了 {minutes} 分钟", minutes=_minutes(-passed))
    if now.stopwatch == last.stopwatch:
        ahead = passed - timedelta(seconds=now.elapsed - last.elapsed)
        return say("本机时间向前跳了 {minutes} 分钟", minutes=_minutes(ahead)) if ahead > TOLERANCE else None
    if passed > LONGEST_GAP:
        return say("距上次检查已过 {days} 天，请先确认本机时间无误", days=passed.days)
    return None


def _minutes(span: timedelta) -> int:
    return round(span / timedelta(minutes=1))
