"""Names of customers, cars and matters for the demo; nobody and nothing real."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    "建华",
    "秀英",
    "志明",
    "丽娟",
    "国强",
    "雨晴",
    "海燕",
    "文杰",
    "春梅",
    "俊峰",
    "慧敏",
    "永康",
    "晓东",
    "佳怡",
    "浩然",
    "淑芬",
)
STREETS = ("淮海中路", "中山北路", "人民路", "解放大道", "和平街", "长江路", "学府路", "滨河路")
PLACES = (
    "申达",
    "恒远",
    "联创",
    "卓越",
    "华信",
    "瑞丰",
    "中联",
    "百川",
    "天启",
    "宏图",
    "安泰",
    "远景",
    "金源",
    "新港",
)
TRADES = ("物流", "科技", "化工设备", "压力容器", "文化传媒", "电子", "医疗器械", "咨询", "食品", "机械")
MODELS = ("明锐 1.5L", "速派 2.0T", "柯珞克 1.4T", "柯迪亚克 2.0T", "昕锐 1.5L")
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"

CAR_COMPLAINTS = (
    ("维修质量", "保养后发动机舱有异响，要求重新检查", "维修"),
    ("维修质量", "更换刹车片后制动仍有抖动", "维修"),
    ("服务质量", "预约到店后等待超过两个小时，无人说明", "道歉"),
    ("产品质量", "新车行驶三百公里后中控屏反复黑屏", "换货"),
    ("新车购销合同", "交车时间比合同约定晚了十天", "损害赔偿"),
    ("服务质量", "结算单金额与报价不符，解释不清", "减价"),
    ("产品质量", "天窗漏水，内饰被浸湿", "损害赔偿"),
    ("提案建议批评", "建议在休息区增加充电插座", "批评建议"),
)
STORE_COMPLAINTS = (
    ("产品质量", "所购电饭煲使用一周后不加热", "换货"),
    ("产品质量", "羽绒服洗后跑绒严重", "退货"),
    ("服务质量", "收银员多收一件商品的钱", "道歉"),
    ("产品质量", "到货纸箱破损，三箱饮料渗漏", "损害赔偿"),
    ("费用", "促销价与结账价不一致", "减价"),
    ("提案建议批评", "希望门店延长周末营业时间", "批评建议"),
)
PROPERTY_COMPLAINTS = (
    ("物业服务", "三号楼电梯一周内停运两次", "维修"),
    ("物业服务", "地下车库照明长期不亮", "维修"),
    ("服务质量", "门岗对来访车辆盘问态度生硬", "道歉"),
    ("费用", "本月水费比上月高一倍，要求核实", "其他"),
    ("物业服务", "楼道杂物堆放无人清理", "其他"),
    ("物业服务", "绿化修剪在清晨六点开始，影响休息", "批评建议"),
)


def person(rng: Random) -> str:
    """Return a name."""
    return rng.choice(SURNAMES) + rng.choice(GIVEN)


def mobile(rng: Random) -> str:
    """Return a mobile number of a series that no operator gives out."""
    return f"100{rng.randrange(10**8):08}"


def address(rng: Random) -> str:
    """Return an address."""
    return f"{rng.choice(STREETS)} {rng.randrange(1, 400)} 号 {rng.randrange(1, 20)}0{rng.randrange(1, 6)} 室"


def vin(rng: Random) -> str:
    """Return a vehicle identification number."""
    return "LSV" + "".join(rng.choice(VIN_LETTERS) for _ in range(14))


def plate(rng: Random) -> str:
    """Return a number plate."""
    return "沪" + rng.choice("ABCDEFG") + "".join(rng.choice("ABCDEFGH0123456789") for _ in range(5))


def company(rng: Random) -> str:
    """Return the name of a company."""
    return rng.choice(PLACES) + rng.choice(TRADES) + rng.choice(("有限公司", "有限公司", "股份有限公司"))


def shop(rng: Random) -> str:
    """Return the name of a small shop."""
    return rng.choice(SURNAMES) + rng.choice(("记便利店", "记烟酒店", "家超市", "记副食店"))


MADE: dict[str, Callable[[Random], str]] = {
    "person": person, "mobile": mobile, "address": address, "plate": plate, "company": company, "shop": shop,
    "no": lambda rng: f"{rng.randrange(10**7):07}",
}  # fmt: skip
"""What a told case may have made up, by the word that stands for it."""
