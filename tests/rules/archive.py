"""The counter of the archive fines (P05 D6), and the roles that it doubles for."""

from __future__ import annotations

from app.catalog.breach import Counter
from app.rules.price import BreachFact

ARCHIVE_MONTH = Counter.model_validate(
    {
        "code": "archive_month",
        "label": "档案违规（月）",
        "order": ["D1", "D2", "D3", "D4", "D5", "D7"],
        "multiply": [
            {"role": "sales_advisor", "from_nth": 2, "by": 2},
            {"role": "service_advisor", "from_nth": 3, "by": 2},
        ],
    }
)
SALES, SERVICE = frozenset({"sales_advisor"}), frozenset({"service_advisor"})
Fact = BreachFact[str]
