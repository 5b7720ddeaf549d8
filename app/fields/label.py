"""Names in Chinese and English."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Label(BaseModel):
    """What people read: Chinese always, English where given.

    Written ``{zh: 档案, en: Archive}`` or just ``档案``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"zh": value} if isinstance(value, str) else value

    def text(self, language: str = "zh") -> str:
        """Return the name in ``language`` (zh or en), Chinese where there is no English."""
        return self.en if language.startswith("en") and self.en else self.zh

    def __str__(self) -> str:
        return self.zh
