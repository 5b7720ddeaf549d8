"""Letters: each notice leaves once, when its receiver wants it, in his language; and never with what a customer told us."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import time, timedelta
from functools import partial
from string import Formatter
from typing import Any

import pytest
from sqlalchemy import func, select

from app.errors import Forbidden, Invalid, Refused, say
from app.fields.label import Label
from app.models.channels import letter
from app.models.ledger import outbox
from app.rules.quiet import Hours
from app.services import channels, choices, connecting, letters, notices, posting
from app.services.connecting import Wish
from app.services.letters import Letter, Office, Undelivered
from app.services.panel import Actor
from tests.site import Site, at

ADDRESS = "https://rules.example"
WEDNESDAY = "2025-03-05 10:00"
HOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-123"
ARCHIVE, DUTY = Label(zh="用户档案", en="User archive"), Label(zh="移交", en="Hand over")


class Post:
    """A mail server and all robots, in memory; ``broken`` is what they answer instead."""

    def __init__(self) -> None:
        self.mails: list[Letter] = []
        self.messages: list[Letter] = []
        self.broken: Exception | None = None

    @property
    def office(self) -> Office:
        return Office(self._mail, self._robot, ADDRESS)

    def _mail(self, sent: Letter) -> None:
        self._take(self.mails, sent)

    def _robot(self, sent: Letter) -> None:
        self._take(self.messages, sent)

    def _take(self, kept: list[Letter], sent: Letter) -> None:
        if self.broken is not None:
            raise self.broken
        kept.append(sent)


@pytest.fixture
def post() -> Post:
    """Where letters go."""
    return Post()


def told(site: Site, who: Sequence[str], kind: str, when: str, count: int = 1, **words: Any) -> None:
    """Tell people of ``count`` events of a kind."""
    said = {
        "register": ARCHIVE, "number": "YH2025-00007", "duty": DUTY, "due": "2025-03-06 18:00", "who": "张三", "move": DUTY,
        "rule": DUTY, "ticket": "CF2025-00001", "amount": "50", "points": "0", "sanction": None, "period": "2025-02", "indicators": [DUTY],
        "name": "王女士的草稿",
    }  # fmt: skip
    with site.panel.work(Actor.system(), now=at(when)) as work:
        about = {"register": "vehicle_archive", "record_id": 7}
        ids = [site.ids[w] for w in who]
        keys = [f"test:{kind}:{when}:{n}" for n in range(count)]
        notices.send(work, [n for key in keys for n in notices.tell(work, ids, kind, key, said | words, about)])


def choose(site: Site, who: str, hours: Hours | None = None, language: str = "zh", **how: str) -> None:
    with site.panel.work(site.actor(who), now=at(WEDNESDAY)) as work:
        choices.save(work, hours or Hours(), language, how)


def connect(site: Site, *kinds: str, **more: Any) -> int:
    wish = Wish("客户关爱部群", kinds or tuple(notices.KINDS), address=HOOK, **more)
    with site.panel.work(site.actor("admin"), now=at(WEDNESDAY)) as work:
        return connecting.save(work, None, wish)


def deliver(site: Site, post: Post, *moments: str) -> list[int]:
    """Deliver at each moment; return how many letters went out at each."""
    return [letters.deliver(site.panel, at(m), post.office) for m in moments]


def states(site: Site) -> dict[str, int]:
    with site.panel.reading(site.actor("admin"), now=at(WEDNESDAY)) as work:
        return posting.counts(work)


def test_a_notice_becomes_a_letter_that_leads_back_to_the_panel(site: Site, post: Post) -> None:
    told(site, ["sales1"], "moved", WEDNESDAY)
    assert deliver(site, post, WEDNESDAY, WEDNESDAY) == [1, 0]
    (sent,) = post.mails
    assert (sent.to, sent.subject) == (
        "sales1@example.com",
        "【规簿】用户档案 YH2025-00007 已“移交”，经办人 张三",
    )
    assert sent.text == f"用户档案 YH2025-00007 已“移交”，经办人 张三\n{ADDRESS}/inbox/1"


def test_what_comes_in_quiet_hours_goes_out_together_when_they_end(site: Site, post: Post) -> None:
    told(site, ["sales1"], "moved", "2025-03-07 20:30", 2)
    told(site, ["sales1"], "overdue", "2025-03-08 12:00")
    assert deliver(site, post, "2025-03-07 20:31", "2025-03-08 12:01", "2025-03-10 07:59") == [0, 0, 0]
    assert deliver(site, post, "2025-03-10 08:00") == [1]
    assert post.mails[0].subject == "【规簿】3 条通知"
    assert post.mails[0].text.count("/inbox/") == 3
    told(site, ["sales2"], "moved", "2025-02-07 20:30")
    assert deliver(site, post, "2025-02-08 07:00", "2025-02-08 08:00") == [0, 1], "a Saturday on which people work"


def test_what_is_urgent_goes_through_and_so_does_a_reminder_that_would_come_too_late(site: Site, post: Post) -> None:
    night = "2025-03-07 22:00"
    told(site, ["sales1"], "ordered", night)
    told(site, ["sales2"], "remind", night, due="2025-03-08 09:00")
    told(site, ["service1"], "remind", night, due="2025-03-11 09:00")
    assert deliver(site, post, night) == [2]
    assert {m.to for m in post.mails} == {"sales1@example.com", "sales2@example.com"}


def test_what_one_chose_for_the_digest_comes_once_a_day_and_what_one_chose_not_to_get_stays_in_the_inbox(
    site: Site, post: Post
) -> None:
    choose(site, "sales1", Hours(digest_at=time(17)), moved="digest", remind="inbox")
    told(site, ["sales1"], "moved", "2025-03-05 09:00", 2)
    told(site, ["sales1"], "remind", "2025-03-05 09:30")
    told(site, ["sales1"], "breach", "2025-03-05 10:00")
    assert deliver(site, post, WEDNESDAY, "2025-03-05 16:59") == [1, 0]
    assert "违规" in post.mails[0].text
    told(site, ["sales1"], "moved", "2025-03-05 16:59")
    assert deliver(site, post, "2025-03-05 17:00", "2025-03-05 17:01", "2025-03-06 18:00") == [1, 0, 0]
    assert post.mails[1].text.count("移交") == 3
    with site.panel.reading(site.actor("sales1"), now=at("2025-03-06 18:00")) as work:
        assert {n["kind"] for n in notices.inbox(work)} == {"moved", "remind", "breach"}


def test_overdue_work_and_fines_cannot_be_switched_off(site: Site) -> None:
    for kind in sorted(choices.FIXED):
        with pytest.raises(Invalid):
            choose(site, "sales1", **{kind: "inbox"})
    with pytest.raises(Invalid):
        choose(site, "sales1", clock="digest")
    with pytest.raises(Invalid):
        choose(site, "sales1", **{"no such": "digest"})


def test_very_many_notices_are_one_line_with_a_count_and_a_link(site: Site, post: Post) -> None:
    told(site, ["sales1"], "moved", WEDNESDAY, 6_000)
    told(site, ["sales1"], "breach", WEDNESDAY)
    assert deliver(site, post, WEDNESDAY) == [1]
    assert post.mails[0].subject == "【规簿】6001 条通知"
    many, one = post.mails[0].text.split("\n\n")
    assert many == f"流程办理：6000 条\n{ADDRESS}/inbox?kind=moved"
    assert "发生违规" in one


def test_a_letter_is_in_the_language_of_who_gets_it(site: Site, post: Post) -> None:
    choose(site, "sales1", language="en")
    told(site, ["sales1", "sales2"], "moved", WEDNESDAY)
    deliver(site, post, WEDNESDAY)
    said = {m.to: m.text.split("\n")[0] for m in post.mails}
    assert said["sales2@example.com"].startswith("用户档案 YH2025-00007 已“移交”")
    assert said["sales1@example.com"].startswith("User archive YH2025-00007")
    assert "Hand over" in said["sales1@example.com"]


def test_a_letter_that_fails_is_tried_at_growing_intervals_given_up_and_sent_when_asked_again(
    site: Site, post: Post
) -> None:
    told(site, ["sales1"], "moved", WEDNESDAY)
    post.broken = ConnectionRefusedError("refused")
    now, tries = at(WEDNESDAY), []
    for minute in (0, 1, 2, 5, 6, 13, 14, 29, 30, 61, 62, 130, 200):
        letters.deliver(site.panel, now + timedelta(minutes=minute), post.office)
        with site.panel.engine.connect() as connection:
            attempts = connection.execute(select(letter.c.attempts)).scalar_one()
        if len(tries) < attempts:
            tries.append(minute)
    assert tries == [0, 2, 6, 14, 30, 62]
    with site.panel.reading(site.actor("admin"), now=now) as work:
        (failed,) = posting.listed(work, "failed")
    assert (failed["to"], str(failed["reason"])) == ("sales1", "连不上邮件服务器：refused")
    post.broken = None
    for who in ("sales1", "sales2", "stranger"):
        with pytest.raises(Forbidden), site.panel.work(site.actor(who)) as work:
            posting.again(work)
        with pytest.raises(Forbidden), site.panel.reading(site.actor(who)) as work:
            posting.listed(work, "failed")
    with site.panel.work(site.actor("admin"), now=at("2025-03-05 15:00")) as work:
        assert posting.again(work, failed["id"]) == 1
    with pytest.raises(Refused), site.panel.work(site.actor("admin"), now=now) as work:
        posting.again(work, failed["id"])
    assert deliver(site, post, "2025-03-05 15:00") == [1]
    assert states(site)["sent"] == 1


def test_a_group_is_told_register_number_duty_and_day_and_nothing_else(site: Site, post: Post) -> None:
    connect(site)
    for kind in notices.KINDS:
        told(
            site, ["sales1"], kind, WEDNESDAY, costs="罚款五十元", costs_before="罚款五十元", why="客户王女士反映", revision=2, n=3,
            before="a", after="b", state=say("已确认"),
        )  # fmt: skip
    assert sum(deliver(site, post, WEDNESDAY, WEDNESDAY)) == 2
    (message,) = post.messages
    for secret in ("张三", "王女士", "罚款", "50", "sales1"):
        assert secret not in message.text, secret
    assert "请于 2025-03-06 18:00 前办理：用户档案 YH2025-00007 移交" in message.text
    assert repr(message.to) == "Robot(kind='wecom')"


def test_a_group_is_told_once_of_what_several_of_its_people_are_told(site: Site, post: Post) -> None:
    number = connect(site, "moved", roles=("sales_advisor",), units=(site.units["销售部"],))
    told(site, ["sales1", "sales2", "service1", "gm"], "moved", WEDNESDAY)
    told(site, ["service1"], "moved", "2025-03-05 10:01")
    told(site, ["sales1"], "overdue", "2025-03-05 10:02")
    assert deliver(site, post, "2025-03-05 10:03") == [5]
    (message,) = post.messages
    assert message.text.count("已“移交”") == 1
    with site.panel.work(site.actor("admin"), now=at(WEDNESDAY)) as work:
        kept = connecting.get(work, number)
        connecting.save(work, number, Wish(kept["name"], ("moved",), active=False))
    told(site, ["sales1"], "moved", "2025-03-05 11:00")
    deliver(site, post, "2025-03-05 11:00")
    assert len(post.messages) == 1


def test_a_message_to_a_group_is_never_longer_than_its_robot_takes(site: Site, post: Post) -> None:
    connect(site)
    for kind in notices.KINDS:
        told(site, ["sales1"], kind, WEDNESDAY, 5, costs="", costs_before="", why="", revision=2, n=3, before="", after="", state="")  # fmt: skip
    deliver(site, post, WEDNESDAY)
    (message,) = post.messages
    assert len(message.text.encode()) < 2_000
    assert "流程办理：5 条" in message.text


def test_a_trial_reaches_the_group_and_a_refusal_is_told_in_plain_words(site: Site, post: Post) -> None:
    number = connect(site, "moved")
    for _ in range(2):
        with site.panel.work(site.actor("admin"), now=at("2025-03-08 23:00")) as work:
            connecting.try_out(work, number)
        deliver(site, post, "2025-03-08 23:00")
        post.broken = Undelivered(say("机器人的地址无效，或机器人已被移出群"))
    assert [m.text for m in post.messages] == ["测试消息：收到即表示机器人已接通。"]
    with site.panel.reading(site.actor("admin"), now=at(WEDNESDAY)) as work:
        (waiting,) = posting.listed(work, "waiting")
    assert (waiting["to"], str(waiting["reason"])) == ("客户关爱部群", "机器人的地址无效，或机器人已被移出群")


TAKEN = {
    HOOK: "wecom",
    "https://oapi.dingtalk.com/robot/send?access_token=0a1b": "dingtalk",
    "https://open.feishu.cn/open-apis/bot/v2/hook/0a-1b": "feishu",
    "https://open.larksuite.com/open-apis/bot/v2/hook/0a-1b": "lark",
}
OTHERS = (
    "http://127.0.0.1:6379/", "https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key=abc",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", "",
)  # fmt: skip


def test_only_addresses_of_known_robots_are_taken_and_none_is_shown_again(site: Site) -> None:
    with site.panel.work(site.actor("admin"), now=at(WEDNESDAY)) as work:
        for address, kind in TAKEN.items():
            number = connecting.save(work, None, Wish("群", ("moved",), address=address))
            kept = connecting.get(work, number)
            connecting.save(work, number, Wish("新名", ("moved",)))
            (robot, _) = channels.robots(work)[channels.code_of(number)]
            assert kept["kind"] == kind
            assert address.endswith(robot.token), "a form without an address leaves it as it is"
            assert robot.token not in f"{kept} {robot!r} {Wish('', (), address=address)!r}"
        for address in OTHERS:
            with pytest.raises(Invalid):
                connecting.save(work, None, Wish("群", ("moved",), address=address))
        connecting.save(work, 2, Wish("群", ("moved",), secret="SEC9"))
        assert connecting.get(work, 2)["signed"]
        with pytest.raises(Invalid):
            connecting.save(work, 1, Wish("群", ("moved",), secret="SEC9"))
        connecting.save(work, 2, Wish("群", ("moved",), address=HOOK))
        assert not connecting.get(work, 2)["signed"], "another robot has another secret"


def test_only_who_looks_after_the_site_sees_and_changes_channels(site: Site) -> None:
    number = connect(site, "moved")
    for who in ("sales1", "sales2", "stranger", "director"):
        with site.panel.work(site.actor(who), now=at(WEDNESDAY)) as work:
            for forbidden in (
                partial(connecting.listed, work),
                partial(connecting.get, work, number),
                partial(connecting.save, work, number, Wish("x", ("moved",))),
                partial(connecting.try_out, work, number),
            ):
                with pytest.raises(Forbidden):
                    forbidden()


def test_of_two_deliverers_at_once_each_notice_goes_out_once(site: Site, post: Post) -> None:
    connect(site, "moved")
    for _ in range(2):  # given twice, each is laid into the outbox once
        told(site, ["sales1", "sales2", "service1"], "moved", WEDNESDAY, 20)
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        letters.deliver(site.panel, at(WEDNESDAY), post.office)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(str(m.to) for m in post.mails) == [f"{p}@example.com" for p in ("sales1", "sales2", "service1")]
    assert len(post.messages) == 1
    with site.panel.engine.connect() as connection:
        rows = connection.execute(select(outbox.c.channel, func.count()).group_by(outbox.c.channel))
        assert dict(map(tuple, rows)) == {"mail": 60, "robot:1": 20}
        assert connection.execute(select(func.sum(letter.c.size))).scalar_one() == 80


def test_without_a_mail_server_nothing_waits_and_groups_are_told_all_the_same(site: Site, post: Post) -> None:
    connect(site, "moved")
    told(site, ["sales1"], "moved", WEDNESDAY)
    assert letters.deliver(site.panel, at(WEDNESDAY), Office(None, post.office.robot)) == 1
    assert states(site) == {"waiting": 0, "failed": 0, "sent": 1, "aside": 0, "held": 0}


def test_every_kind_of_notice_has_a_name_and_something_to_say_to_a_group() -> None:
    assert notices.KINDS.keys() == notices.NAMES.keys() == notices.TO_GROUPS.keys()
    assert choices.FIXED | choices.URGENT <= notices.KINDS.keys()
    for kind, said in notices.TO_GROUPS.items():
        assert _places(said.template) <= _places(notices.KINDS[kind].template)


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}
