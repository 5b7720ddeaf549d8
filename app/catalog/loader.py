"""Definitions from YAML: every document of every file, read and checked in one go, with all that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from app.catalog.base import Spec
from app.catalog.catalog import Catalog
from app.catalog.checks import check
from app.catalog.findings import Finding, errors
from app.catalog.indicator import Indicator
from app.catalog.marked import MarkedList, MarkedMap, Source, plain, read_documents
from app.catalog.misfits import choose, misfits, unlike, without_unknown
from app.catalog.overlay import FIXED, REMOVALS, Extension, extend, removal, unchangeable
from app.catalog.policy import Domain, Policy, RoleSpec
from app.catalog.register import RegisterSpec
from app.errors import say

SITE = "site/"
"""Definitions under it are the site's own; only they may extend a shipped register."""

S = TypeVar("S", bound=Spec)


@dataclass
class _Drawer:
    """What was read so far of all files; ``broken`` names what is there but could not be read whole."""

    catalog: Catalog = field(default_factory=Catalog)
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    broken: set[tuple[str, str]] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    registers: list[MarkedMap] = field(default_factory=list)
    extensions: list[MarkedMap] = field(default_factory=list)

    def document(self, root: Any) -> str:
        """Put one document where it belongs; return the name under which findings speak of it."""
        if not isinstance(root, MarkedMap):
            return ""
        if "policy" in root:
            self.put("policies", "policy", Policy, Source(root, f"policies.{root['policy']}"))
            return f"policies.{root['policy']}"
        if "indicator" in root:
            self.put("indicators", "indicator", Indicator, Source(root, f"indicators.{root['indicator']}"))
            return f"indicators.{root['indicator']}"
        if "extend" in root:
            self.extensions.append(root)
            return f"registers.{root['extend']}"
        if "code" in root or "fields" in root:
            self.registers.append(root)
            return f"registers.{root.get('code', '?')}"
        for key, kind in (("roles", RoleSpec), ("domains", Domain)):
            if key in root:
                self.rows(key, kind, root)
        return ""

    def rows(self, key: str, kind: type[Spec], root: MarkedMap) -> None:
        """Read a document that is one list of small definitions."""
        for other in root.keys() - {key}:
            unknown = say("没有“{key}”这一项，{hint}", key=other, hint=choose(other, [key]))
            self.findings.append(Source(root).finding("D202", (other,), unknown))
        if not isinstance(rows := root[key], MarkedList):
            self.findings.append(Source(root).finding("D206", (key,), unlike(say("列表"), rows)))
            return
        for i in range(len(rows)):
            self.put(key, "code", kind, Source(root, "", (key, i)))

    def put(self, group: str, key: str, kind: type[Spec], source: Source) -> None:
        """Read one definition and keep it in its group of the catalog."""
        written = source.root
        for step in source.base:
            written = written[step]  # type: ignore[index]
        code = str(written.get(key, "")) if isinstance(written, dict) else ""
        if (group, code) in self.sources:
            first = self.sources[group, code].at((key,))
            twice = say("“{code}”已在 {file}:{line} 定义", code=code, file=first.file, line=first.line)
            self.findings.append(source.finding("D401", (key,), twice))
            return
        self.sources[group, code] = source
        if (spec := self.read(kind, written, source)) is None:
            self.broken.add((group, code))
        else:
            getattr(self.catalog, group)[code] = spec

    def read(self, kind: type[S], written: Any, source: Source) -> S | None:
        """Return a definition as its class, noting what does not fit; None where too little of it fits."""
        try:
            return kind.model_validate(plain(written))
        except ValidationError as error:
            self.findings += misfits(error, kind, source)
            rest = without_unknown(plain(written), error)
        try:
            return kind.model_validate(rest) if rest is not None else None
        except ValidationError:
            return None

    def lay_over(self, written: MarkedMap) -> None:
        """Lay one extension over the register that it names."""
        source = Source(written, f"registers.{written['extend']}")
        index = next((i for i, r in enumerate(self.registers) if r.get("code") == written["extend"]), None)
        if not source.root.at.file.startswith(SITE):
            self.findings.append(source.finding("D301", ("extend",), say("扩展只能写在 {folder} 下", folder=SITE)))
        elif index is None:
            absent = say("没有登记簿“{code}”可扩展", code=written["extend"])
            self.findings.append(source.finding("D301", ("extend",), absent))
        else:
            base = self.registers[index]
            self.findings += [*removal(written, base, source), *unchangeable(written, base, source)]
            known = {k: v for k, v in plain(written).items() if k not in REMOVALS | FIXED}
            try:
                Extension.model_validate(known)
            except ValidationError as error:
                self.findings += misfits(error, Extension, source)
                return
            self.registers[index], refused = extend(base, written, source)
            self.findings += refused


_IGNORED = ("years",)
"""Kinds of documents that others read: working calendars."""


def load(files: Mapping[str, str]) -> tuple[Catalog | None, list[Finding]]:
    """Return the catalog that ``files`` (relative path → text) define, and everything wrong with them in file order.

    The catalog is None when there is an error among the findings; warnings alone leave it whole.
    """
    drawer = _read(files)
    drawer.findings += check(drawer.catalog, drawer.sources, frozenset(drawer.broken))
    each = {str(f): f for f in drawer.findings}.values()
    findings = sorted(each, key=lambda f: (f.file.startswith(SITE), f.file, f.line, f.check, f.path))
    return (None if errors(findings) else replace(drawer.catalog, digest=digest(files))), findings


def readable(files: Mapping[str, str]) -> Catalog:
    """Return what can be read of ``files``, whatever is wrong with the rest: for help while one writes, never to be put in force."""
    return _read(files).catalog


def written(files: Mapping[str, str]) -> dict[tuple[str, str], Source]:
    """Return where each definition of ``files`` was written, by (group, code), such as ("registers", "complaint")."""
    return _read(files).sources


def _read(files: Mapping[str, str]) -> _Drawer:
    drawer = _Drawer()
    for file in sorted(files, key=lambda f: (f.startswith(SITE), f)):
        for root, found in read_documents(file, files[file]):
            name = drawer.document(root)
            drawer.findings += [replace(f, path=".".join(p for p in (name, f.path) if p)) for f in found]
            if root is not None and not _known(root):
                drawer.findings.append(_unknown(root, file))
    for extension in drawer.extensions:
        drawer.lay_over(extension)
    for root in drawer.registers:
        drawer.put("registers", "code", RegisterSpec, Source(root, f"registers.{root.get('code', '?')}"))
    return drawer


def _known(root: Any) -> bool:
    kinds = {"policy", "indicator", "extend", "code", "fields", "roles", "domains", *_IGNORED}
    return isinstance(root, MarkedMap) and not kinds.isdisjoint(root)


def _unknown(root: Any, file: str) -> Finding:
    sentence = say("看不出这是哪一种定义：应有 policy、roles、domains、code 与 fields、indicator、extend 或 years 之一")
    at = getattr(root, "at", None)
    return Finding("D107", file, at.line if at else 1, "", sentence)


def digest(files: Mapping[str, str]) -> str:
    """Return the SHA-256 of definitions: the same for the same texts under the same paths."""
    told = hashlib.sha256()
    for path, text in sorted(files.items()):
        told.update(f"{path}\0{len(text)}\0{text}".encode(errors="surrogateescape"))
    return told.hexdigest()


def read_folder(folder: Path | str) -> dict[str, str]:
    """Return the YAML files under ``folder``: relative path with ``/`` → text, sorted.

    Bytes that are not UTF-8 are kept in a form that ``load`` reports with their line.
    """
    root = Path(folder)
    found = sorted(p for p in root.rglob("*.yaml") if p.is_file())
    return {p.relative_to(root).as_posix(): p.read_bytes().decode(errors="surrogateescape") for p in found}
