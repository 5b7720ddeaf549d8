"""The pages of one register: list, record, forms."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_appbuilder import ModelView, expose, has_access
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import Conflict, Invalid
from app.services import records, scope
from app.web import listing, record_forms, record_page
from app.web.access import OfRegister
from app.web.actor import reading, writing
from app.web.cells import record_url
from app.web.filters import OPERATIONS
from app.web.forms import Typed, read
from app.web.interface import record_id
from app.web.language import label
from app.web.tabs import list_actions, tabs


class RegisterView(OfRegister, ModelView):
    """The pages of one register. What may be seen and done is the services' answer each time."""

    include_route_methods = {"list", "show", "add", "edit", "delete"}  # noqa: RUF012  # FAB's way

    @expose("/list/")
    @has_access
    def list(self) -> str:
        work, spec = reading(), self.spec
        seen = scope.fields_for(work, spec.code)
        wanted = listing.asked(seen)
        for f, operation, value in listing.comparisons(work, wanted):
            self._filters.add_filter(f.code, OPERATIONS[operation], value)
        fields = listing.shown_fields(spec, seen)
        count, rows = self.datamodel.query(
            self._filters, wanted.order_column, wanted.direction, wanted.page - 1, wanted.size,
            select_columns=[f.code for f in fields], search=wanted.search,
        )  # fmt: skip
        return str(self.render_template(
            "record_list.html", title=label(spec.label), register=record_page.heading(spec),
            table=listing.table(work, spec, fields, [vars(r) for r in rows], wanted),
            search=wanted.search, count=count, page=wanted.page, pages=max(1, -(-count // wanted.size)),
            page_size=wanted.size, page_sizes=listing.SIZES,
            page_url=listing.page_address(), filters=listing.chips(wanted), actions=list_actions(work, spec), reset_url=request.path,
            tabs=tabs(spec, "list"),
        ))  # fmt: skip

    def _base(self) -> str:
        return f"{request.script_root}/registers/{self.spec.code}"

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> str:
        return str(self.render_template("record.html", **record_page.page(reading(), self.spec, record_id(pk))))

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Response | tuple[str, int] | str:
        scope.demand(reading(), self.spec.code, "add")
        fields = record_forms.fields(reading(), self.spec, "add")
        if request.method == "GET":
            return self._form(gettext("新增"), fields, record_forms.prefilled(reading(), fields), Typed())
        typed = read(fields, request.form, request.files)
        if not typed.errors:
            try:
                with writing() as work:
                    number = records.create(work, self.spec.code, typed.values)
                flash(gettext("已保存"), "success")
                return redirect(record_url(self.spec.code, number))
            except Invalid as invalid:
                typed.errors = list(invalid.errors)
        return self._form(gettext("新增"), fields, {}, typed), 422

    @expose("/edit/<pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: str) -> Response | tuple[str, int] | str:
        number, spec = record_id(pk), self.spec
        row = records.get(reading(), spec.code, number)
        fields = record_forms.editable(reading(), spec, row)
        if request.method == "GET":
            return self._form(gettext("修改"), fields, row, Typed(), row)
        typed = read(fields, request.form, request.files, row)
        version = request.form.get("version", type=int)
        if not typed.errors:
            changes = record_forms.changes(reading(), spec, row, typed.values, version, request.form)
            try:
                with writing() as work:
                    records.update(work, spec.code, number, changes, base_version=version)
                flash(gettext("已保存"), "success")
                return redirect(record_url(spec.code, number))
            except Invalid as invalid:
                typed.errors = list(invalid.errors)
            except Conflict as conflict:
                return str(
                    self.render_template(
                        "conflict.html", **record_forms.conflict(reading(), spec, row, typed, conflict)
                    )
                ), 409
        return self._form(gettext("修改"), fields, row, typed, row), 422

    def _form(self, title: str, fields: Any, values: Any, typed: Typed, row: Any = None) -> str:
        return str(
            self.render_template(
                "record_form.html", **record_forms.page(reading(), self.spec, title, fields, values, typed, row)
            )
        )

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> Response:
        with writing(reason=request.form.get("reason", "")) as work:
            records.remove(work, self.spec.code, record_id(pk))
        flash(gettext("已归档"), "success")
        return redirect(f"{self._base()}/list/")
