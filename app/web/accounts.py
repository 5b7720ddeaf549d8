"""FAB's pages for accounts and roles, with the catalog's roles by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from flask import current_app
from flask_appbuilder.fields import QuerySelectMultipleField
from flask_appbuilder.fieldwidgets import Select2ManyWidget
from flask_appbuilder.security.sqla.models import Role
from flask_appbuilder.security.views import RoleModelView, UserDBModelView
from flask_babel import lazy_gettext
from wtforms.fields.choices import Choice
from wtforms.validators import Optional

from app.web.actor import current_panel
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
    validators_columns: ClassVar = {}
    formatters_columns: ClassVar = {"roles": _named}

    def _init_forms(self) -> None:
        self.add_form_extra_fields = {**self.add_form_extra_fields, "roles": _field()}
        self.edit_form_extra_fields = {**self.edit_form_extra_fields, "roles": _field()}
        super()._init_forms()


class RolesView(RoleModelView):
    """Roles; what they may do with registers stands in the definitions."""

    class_permission_name = "RoleModelView"
    search_columns: ClassVar = ["name"]
