"""Tables of registers are shared by catalogs that have the same columns, and the database's own say more than queries need."""

from __future__ import annotations

import gc
import weakref

from app.models.registers import build_models, build_schema
from tests.catalog.ground import catalog, files

VISIT = (
    "code: visit\nlabel: 拜访\ndomain: office\nfields:\n  - {code: what, label: 内容, type: text, unique: true}\n"
    "  - {code: who, label: 何人, type: person, several: true}\n  - {code: about, label: 关于, type: reference, register: letter}\n"
    "access: [{role: clerk, can: [read]}]\n"
)


def test_a_catalog_that_changes_one_register_keeps_the_tables_of_all_others() -> None:
    before = build_models(catalog(files(VISIT)))
    relabelled = build_models(catalog(files(VISIT.replace("拜访", "来访"))))
    longer = build_models(catalog(files(VISIT.replace("unique: true", "max_length: 7"))))
    assert all(relabelled.tables[code] is table for code, table in before.tables.items())
    assert relabelled.links["visit", "who"] is before.links["visit", "who"]
    assert [code for code, table in before.tables.items() if longer.tables[code] is not table] == ["visit"]
    assert longer.tables["visit"].c.what.type.length == 7


def test_a_table_goes_with_the_last_catalog_that_has_it() -> None:
    before = build_models(catalog(files(VISIT.replace("what", "matter"))))
    gone = weakref.ref(before.tables["visit"])
    after = build_models(catalog(files(VISIT)))
    del before
    gc.collect()
    assert gone() is None
    assert "what" in after.tables["visit"].c


def test_the_database_gets_the_same_columns_with_keys_and_indexes() -> None:
    defined = catalog(files(VISIT))
    models, schema = build_models(defined), build_schema(defined)
    for table in (models.tables["letter"], models.tables["visit"], *models.links.values()):
        twin = schema.tables[table.name]
        assert [(c.key, c.name, str(c.type)) for c in table.c] == [(c.key, c.name, str(c.type)) for c in twin.c]
    visit = schema.tables["r_visit"]
    assert {k.target_fullname for k in visit.foreign_keys} >= {"r_letter.id", "ab_user.id"}
    assert any(i.unique for i in visit.indexes)
    assert models.tables["visit"].foreign_keys == set()
