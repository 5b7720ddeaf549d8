"""Definitions from YAML: every document of every file, read and checked in one go, with all that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app.catalog.base import Spec
from app.catalog.catalog import Catalog, in_order
from app.catalog.checks import check
from app.catalog.findings import Finding, errors
from app.catalog.kinds import BY_WORD, LISTS, Kind, kind_of
from app.catalog.marked import Loc, MarkedList, MarkedMap, Source, plain, read_documents
from app.catalog.misfits import choose, misfits, unlike, without_unknown
from app.catalog.overlay import REMOVALS, extend, removal, unchangeable
from app.catalog.register import RegisterSpec
from app.catalog.words import KINDS
from app.errors import say

SITE = "site/"
"""Definitions under it are the site's own; only they may extend what was shipped."""


@dataclass(eq=False)
class _Document:
    """A document with what was wrong in reading it, and what became of the definitions in it, by where in it they stand."""

    root: Any
    findings: Sequence[Finding] = ()
    definitions: dict[Loc, tuple[Spec | None, Sequence[Finding]]] = field(default_factory=dict)

    def definition(self, kind: type[Spec], source: Source) -> tuple[Spec | None, Sequence[Finding]]:
        """Return a definition as its class, None where too little of it fits, and what does not fit."""
        if source.base not in self.definitions:
            self.definitions[source.base] = _fitted(kind, source)
        return self.definitions[source.base]


class Remembered:
    """What was read of files, by their paths: of a file whose text is the same again nothing is read anew.

    Of each path the last text alone, and no path that the last files did not have. What definitions mean together is remembered
    nowhere: it is checked each time.
    """

    def __init__(self) -> None:
        self._read: dict[str, tuple[str, Sequence[_Document]]] = {}

    def documents(self, file: str, text: str) -> Sequence[_Document]:
        """Return the documents of a file."""
        kept = self._read.get(file)
        if kept is None or kept[0] != text:
            kept = self._read[file] = text, [_Document(*read) for read in read_documents(file, text)]
        return kept[1]

    def only(self, files: Container[str]) -> None:
        """Forget all other files."""
        for gone in [f for f in list(self._read) if f not in files]:
            self._read.pop(gone, None)


@dataclass
class _Drawer:
    """What was read so far of all files; ``broken`` names what is there but could not be read whole."""

    catalog: Catalog = field(default_factory=Catalog)
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    broken: set[tuple[str, str]] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    waiting: list[tuple[Kind, _Document, Source]] = field(default_factory=list)
    """Definitions by their kind, until what the site says of them is laid over."""
    extensions: list[MarkedMap] = field(default_factory=list)

    def document(self, document: _Document) -> str:
        """Put one document where it belongs; return the name under which findings speak of it."""
        root = document.root
        if not isinstance(root, MarkedMap):
            return ""
        kind = kind_of(root)
        if "extend" in root:
            self.extensions.append(root)
            return f"{kind.group if kind else 'registers'}.{root['extend']}"
        if kind is None:
            return ""
        if kind.group in LISTS:
            self.rows(kind, document)
            return ""
        name = f"{kind.group}.{root.get(kind.key, '?')}"
        self.waiting.append((kind, document, Source(root, name)))
        return name

    def rows(self, kind: Kind, document: _Document) -> None:
        """Read a document that is one list of small definitions."""
        root: MarkedMap = document.root
        key = kind.group
        for other in root.keys() - {key}:
            unknown = say("没有“{key}”这一项，{hint}", key=other, hint=choose(other, [key]))
            self.findings.append(Source(root).finding("D202", (other,), unknown))
        if not isinstance(rows := root[key], MarkedList):
            self.findings.append(Source(root).finding("D206", (key,), unlike(say("列表"), rows)))
            return
        self.waiting += [(kind, document, Source(root, "", (key, i))) for i in range(len(rows))]

    def put(self, kind: Kind, document: _Document, source: Source) -> None:
        """Read one definition and keep it in its group of the catalog."""
        group, key = kind.group, kind.key
        code = _code(source, key)
        if (group, code) in self.sources:
            first = self.sources[group, code].at((key,))
            twice = say("“{code}”已在 {file}:{line} 定义", code=code, file=first.file, line=first.line)
            self.findings.append(source.finding("D401", (key,), twice))
            return
        self.sources[group, code] = source
        spec, misfit = document.definition(kind.model, source)
        self.findings += misfit
        if spec is None:
            self.broken.add((group, code))
        else:
            getattr(self.catalog, group)[code] = spec

    def lay_over(self, written: MarkedMap) -> None:
        """Lay one extension over the definition that it names."""
        kind, code = kind_of(written), str(written["extend"])
        source = Source(written, f"{kind.group if kind else 'registers'}.{code}")
        if kind is None:
            word = str(written["kind"])
            unknown = say("没有“{kind}”这一种定义，{hint}", kind=word, hint=choose(word, BY_WORD))
            self.findings.append(source.finding("D204", ("kind",), unknown))
            return
        index = next((i for i, (k, _, s) in enumerate(self.waiting) if k is kind and _code(s, kind.key) == code), None)
        if not source.root.at.file.startswith(SITE):
            self.findings.append(source.finding("D301", ("extend",), say("扩展只能写在 {folder} 下", folder=SITE)))
        elif index is None:
            absent = say("没有{kind}“{code}”可扩展", kind=KINDS[kind.group], code=code)
            self.findings.append(source.finding("D301", ("extend",), absent))
        else:
            base: MarkedMap = self.waiting[index][2].written
            self.findings += [*removal(written, base, source, kind), *unchangeable(written, base, source, kind)]
            known = {k: v for k, v in plain(written).items() if k not in REMOVALS | kind.fixed}
            try:
                kind.extension.model_validate(known)
            except ValidationError as error:
                self.findings += misfits(error, kind.extension, source)
                return
            laid, refused = extend(base, written, source, kind)
            self.waiting[index] = (kind, _Document(laid), Source(laid, f"{kind.group}.{code}"))
            self.findings += refused


def _code(source: Source, key: str) -> str:
    """Return the code of a definition as it was written."""
    written = source.written
    return str(written.get(key, "")) if isinstance(written, dict) else ""


def _fitted(kind: type[Spec], source: Source) -> tuple[Spec | None, Sequence[Finding]]:
    """Return a definition as its class, None where too little of it fits, and what does not fit."""
    written = plain(source.written)
    try:
        return kind.model_validate(written), ()
    except ValidationError as error:
        found, rest = list(misfits(error, kind, source)), without_unknown(written, error)
    try:
        return (kind.model_validate(rest) if rest is not None else None), found
    except ValidationError:
        return None, found


_IGNORED = ("years",)
"""Kinds of documents that others read: working calendars."""


def load(files: Mapping[str, str], remembered: Remembered | None = None) -> tuple[Catalog | None, list[Finding]]:
    """Return the catalog that ``files`` (relative path → text) define, and everything wrong with them in file order.

    The catalog is None when there is an error among the findings; warnings alone leave it whole. What was ``remembered`` of earlier
    files spares reading them again and changes nothing else.
    """
    drawer = _read(files, remembered)
    drawer.findings += check(drawer.catalog, drawer.sources, frozenset(drawer.broken))
    each = {str(f): f for f in drawer.findings}.values()
    findings = sorted(each, key=lambda f: (f.file.startswith(SITE), f.file, f.line, f.check, f.path))
    return (None if errors(findings) else replace(drawer.catalog, digest=digest(files))), findings


def readable(files: Mapping[str, str], remembered: Remembered | None = None) -> Catalog:
    """Return what can be read of ``files``, whatever is wrong with the rest: for help while one writes, never to be put in force."""
    return _read(files, remembered).catalog


def written(files: Mapping[str, str]) -> dict[tuple[str, str], Source]:
    """Return where each definition of ``files`` was written, by (group, code), such as ("registers", "complaint")."""
    return _read(files).sources


def _read(files: Mapping[str, str], remembered: Remembered | None = None) -> _Drawer:
    drawer, known = _Drawer(), remembered or Remembered()
    for file in sorted(files, key=lambda f: (f.startswith(SITE), f)):
        for document in known.documents(file, files[file]):
            name = drawer.document(document)
            told = (replace(f, path=".".join(p for p in (name, f.path) if p)) for f in document.findings)
            drawer.findings += told
            if document.root is not None and not _known(document.root):
                drawer.findings.append(_unknown(document.root, file))
    known.only(files)
    for extension in drawer.extensions:
        drawer.lay_over(extension)
    for waiting in drawer.waiting:
        drawer.put(*waiting)
    _arrange(drawer.catalog)
    return drawer


def _arrange(catalog: Catalog) -> None:
    """Put the groups of the menu, and the registers of each, into their order."""
    catalog.domains.update((d.code, catalog.domains.pop(d.code)) for d in in_order([*catalog.domains.values()]))
    groups: dict[str, list[RegisterSpec]] = {}
    for spec in catalog.registers.values():
        groups.setdefault(spec.domain, []).append(spec)
    ordered = {domain: iter(in_order(specs)) for domain, specs in groups.items()}
    found = [next(ordered[spec.domain]) for spec in catalog.registers.values()]
    catalog.registers.clear()
    catalog.registers.update((spec.code, spec) for spec in found)


def _known(root: Any) -> bool:
    return isinstance(root, MarkedMap) and (
        "extend" in root or kind_of(root) is not None or not root.keys().isdisjoint(_IGNORED)
    )


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
