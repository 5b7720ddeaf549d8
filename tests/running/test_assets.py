"""Pages find the files of the pinned front-end packages, and nothing else of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.running import assets


def unpacked(root: Path) -> None:
    for package, paths in assets.VENDOR.items():
        for path in (*paths, "dist/unused.js"):
            file = root / "node_modules" / package / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)


def test_only_the_listed_files_are_laid_out_and_old_ones_go(tmp_path: Path) -> None:
    unpacked(tmp_path)
    vendor = tmp_path / "app" / "static" / "vendor"
    (vendor / "old").mkdir(parents=True)
    laid = assets.lay_out(tmp_path)
    assert {path for path in vendor.rglob("*") if path.is_file()} == set(laid)
    assert (vendor / "@tabler" / "core" / "css" / "tabler.min.css").read_text() == "dist/css/tabler.min.css"
    assert not (vendor / "old").exists()


def test_a_package_that_no_longer_ships_a_file_stops_the_set_up(tmp_path: Path) -> None:
    unpacked(tmp_path)
    (tmp_path / "node_modules" / "@tabler" / "core" / "dist" / "js" / "tabler.min.js").unlink()
    with pytest.raises(FileNotFoundError, match=r"tabler\.min\.js"):
        assets.lay_out(tmp_path)


def test_every_package_is_pinned_and_the_lock_names_no_host_to_fetch_from() -> None:
    wanted = json.loads((assets.ROOT / "package.json").read_text())["dependencies"]
    lock = json.loads((assets.ROOT / "package-lock.json").read_text())["packages"]
    assert set(assets.VENDOR) == set(wanted)
    for package, version in wanted.items():
        assert lock[f"node_modules/{package}"]["version"] == version
    for name, entry in lock.items():
        assert "resolved" not in entry, name
        assert name == "" or entry["integrity"].startswith("sha512-"), name
