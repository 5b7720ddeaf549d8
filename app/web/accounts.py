"""FAB's pages for accounts and roles, with the catalog's roles by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import current_app
from flask_appbuilder.fields import QuerySelectMultipleField
from flask_appbuilder.fieldwidgets import Select2ManyWidget
from flask_appbuilder.security.sqla.models import Role
from flask_appbuilder.security.views import RoleModelView, UserDBModelView
from flask_babel import gettext, lazy_gettext
from wtforms.fields.choices import Choice
from wtforms.validators import Optional, ValidationError

from app.web.actor import current_panel
from app.web.cells import moment
from app.web.language import label, language_comma


def role_name(role: Role) -> str:
    """Return a role by its name in the catalog, or its own where the catalog has none of that code."""
    spec = current_panel().catalog.roles.get(role.name)
    return label(spec.label) if spec else str(role.name)


def _roles() -> list[Role]:
    found: list[Role] = current_app.extensions["appbuilder"].session.query(Role).order_by(Role.name).all()
    return found


def _named(roles: Iterable[Role]) -> str:
    return language_comma().join(role_name(r) for r in roles)


def defined(code: str) -> bool:
    """Return whether the definitions in force speak of a role."""
    return code in current_panel().catalog.roles


def _with_code(code: str) -> str:
    spec = current_panel().catalog.roles.get(code)
    return f"{label(spec.label)} ({code})" if spec else code


def _moment(at: datetime | None) -> str:
    """Return a moment that FAB's tables keep in UTC without saying so."""
    return moment(at.replace(tzinfo=UTC) if at else None)


def _keeps_its_code(form: Any, field: Any) -> None:
    """Refuse another name for a role that the definitions speak of: it is their code for it."""
    number = getattr(form, "_id", None)
    before = current_app.extensions["appbuilder"].session.get(Role, number) if number else None
    if before is not None and defined(before.name) and field.data != before.name:
        raise ValidationError(gettext("这个角色由制度使用，不能改名；名称在定义里修改"))


class RolesField(QuerySelectMultipleField):
    """Any number of roles, offered by name."""

    def iter_choices(self) -> Iterator[Choice]:
        """Yield each role with its name and whether it is chosen."""
        for key, role in self._get_object_list():
            yield Choice(key, role_name(role), role in (self.data or ()), {})


def _field() -> RolesField:
    return RolesField(
        lazy_gettext("Role"),
        [Optional()],
        query_func=_roles,
        get_pk_func=lambda role: role.id,
        widget=Select2ManyWidget(),
    )


class AccountsView(UserDBModelView):
    """Accounts: who may sign in, and with which roles. Groups are left out: services know roles alone."""

    class_permission_name = "UserDBModelView"
    search_columns: ClassVar = ["first_name", "last_name", "username", "email", "active"]
    list_columns: ClassVar = ["username", "last_name", "first_name", "email", "active", "roles"]
    add_columns: ClassVar = [c for c in UserDBModelView.add_columns if c != "groups"]
    edit_columns: ClassVar = [c for c in UserDBModelView.edit_columns if c != "groups"]
    validators_columns: ClassVar[dict[str, Any]] = {}
    formatters_columns: ClassVar = {"roles": _named, "last_login": _moment}

    add_form_extra_fields: dict[str, Any]
    edit_form_extra_fields: dict[str, Any]

    def _init_forms(self) -> None:
        self.add_form_extra_fields = {**self.add_form_extra_fields, "roles": _field()}
        self.edit_form_extra_fields = {**self.edit_form_extra_fields, "roles": _field()}
        super()._init_forms()


class RolesView(RoleModelView):
    """Roles; what they may do with registers stands in the definitions."""

    class_permission_name = "RoleModelView"
    search_columns: ClassVar = ["name"]
    formatters_columns: ClassVar = {"name": _with_code}
    validators_columns: ClassVar = {"name": [_keeps_its_code]}

    def pre_delete(self, item: Role) -> None:
        """Keep a role that the definitions speak of, and one that somebody holds. Raises ValueError, which FAB shows."""
        if defined(item.name):
            raise ValueError(gettext("这个角色由制度使用，不能删除"))
        if item.user:
            raise ValueError(gettext("还有用户持有这个角色，不能删除；请先在用户里去掉它"))
