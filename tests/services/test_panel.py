"""What a process remembers between units of work."""

from __future__ import annotations

from tests.site import Site


def test_a_panel_makes_a_thing_once_for_each_key_and_keeps_no_more_than_so_many(site: Site) -> None:
    made: list[int] = []

    def make(key: int) -> str:
        made.append(key)
        return f"thing {key}"

    def once(key: int | None) -> str:
        return site.panel.once("things", key, lambda: make(key or 0), most=2)

    assert [once(1), once(2), once(1), once(2)] == ["thing 1", "thing 2", "thing 1", "thing 2"]
    assert made == [1, 2]
    assert [once(3), once(4), once(5)] == ["thing 3", "thing 4", "thing 5"]
    assert made == [1, 2, 3, 4, 5]
    assert [once(None), once(None)] == ["thing 0", "thing 0"]
    assert made == [1, 2, 3, 4, 5, 0, 0]
    assert len(site.panel.memory["things"]) <= 2
