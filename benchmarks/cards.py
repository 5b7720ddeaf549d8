"""Complaint cards as a store's clerk would keep them in a spreadsheet: the same for the same seed, on any machine."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

HEADERS = (
    "接到时间", "接待人", "渠道", "客户身份", "未留姓名", "投诉人姓名", "联系方式", "客户", "车型", "车牌号", "投诉内容", "客户要求",
    "投诉类别", "投诉程度", "紧急投诉", "OMS单号", "投诉理由是否成立", "受理部门", "受理责任人", "具体原因", "解决办法", "答复形式",
    "造成损失金额", "备注",
)  # fmt: skip

_CHANNELS = ("来电", "到店/来访", "投诉电话", "在线客服", "来信", "24小时热线")
_PARTIES = ("终端消费者", "代理商", "加盟商")
_DEMANDS = ("减价", "退货", "换货", "损害赔偿", "批评建议", "维修", "道歉", "其他")
_CATEGORIES = ("产品质量", "新车购销合同", "维修质量", "服务质量", "费用", "其他")
_SEVERITIES = ("一般", "一般", "一般", "重要", "重大")
_MODELS = ("远行 X3", "远行 X5", "城际 E1", "城际 E2", "山野 G7", "")
_FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = "安邦诚德芳刚海佳凯兰敏宁平倩荣思婷伟欣雅"
_PLACES = "沪苏浙皖鲁豫粤川"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_FACTS = (
    "冷车启动后发动机抖动明显", "预约上午到店，下午四点才有人接待", "更换的配件与结算单上的型号不一致", "保养后第二天机油灯亮起",
    "销售承诺的赠品至今没有交付", "空调出风口有异味，两次清洗无效", "倒车影像时有时无", "结算金额比报价多出三百余元", "车门密封条松动，下雨渗水",
    "电话转接四次仍无人答复", "退回的旧件找不到了", "补漆处色差明显",
)  # fmt: skip
_CAUSES = ("配件批次问题", "接待流程没有执行到位", "技师判断有误", "沟通不及时")
_SOLUTIONS = ("免费返修并致歉", "退还差价", "更换总成", "赠送一次保养", "约定下周回厂复检")


def cards(
    rows: int,
    *,
    people: Sequence[str],
    units: Sequence[str],
    customers: Sequence[str],
    until: datetime,
    seed: int = 1,
) -> Iterator[list[str]]:
    """Yield cards as text under ``HEADERS``: received in the three hours before ``until`` (as the site's clocks show it).

    So each card owes a ruling within four hours and an end within seven days, and neither is late yet.
    ``people``, ``units`` and ``customers`` are names that the panel knows.
    """
    random = Random(seed)
    pick, some = random.choice, random.random
    for number in range(1, rows + 1):
        received = until - timedelta(seconds=random.randrange(3 * 60 * 60))
        facts = random.sample(_FACTS, 2 + int(some() * 3))
        content = "，".join(facts) + "。"
        if some() < 0.02:
            content = f"客户原话：“{facts[0]}”\n要求“三天内”答复。"
        settled = some() < 0.5
        yield [
            f"{received:%Y-%m-%d %H:%M:%S}" if some() < 0.9 else f"{received:%Y/%m/%d %H:%M:%S}",
            pick(people),
            pick(_CHANNELS),
            pick(_PARTIES),
            "否",
            pick(_FAMILY) + pick(_GIVEN) + (pick(_GIVEN) if some() < 0.7 else ""),
            f"1{3 + int(some() * 7)}{int(some() * 1e9):09d}",
            pick(customers) if some() < 0.6 else "",
            pick(_MODELS),
            pick(_PLACES) + pick("ABCDEFGH") + "".join(random.choices(_LETTERS, k=5)),
            content,
            ";".join(random.sample(_DEMANDS, 1 + int(some() * 2))),
            pick(_CATEGORIES),
            pick(_SEVERITIES),
            "是" if some() < 0.1 else "否",
            f"OMS{number:08d}",
            pick(("成立", "不成立", "待调查", "")),
            pick(units) if settled else "",
            pick(people) if settled else "",
            pick(_CAUSES) if settled else "",
            pick(_SOLUTIONS) if settled else "",
            pick(("书面", "口头")) if settled else "",
            f"{some() * 3000:.2f}" if some() < 0.3 else "",
            "请下班前回电" if some() < 0.2 else "",
        ]


def write(path: Path, rows: Iterator[list[str]]) -> None:
    """Write cards as a CSV file in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADERS)
        writer.writerows(rows)
