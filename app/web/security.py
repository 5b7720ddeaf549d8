"""FAB's security, answered for registers by the catalog and for everything else by one query of its tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu
from flask_babel import gettext
from flask_jwt_extended import JWTManager
from sqlalchemy import func, select, update

from app import clock
from app.services import scope
from app.services.arriving import Account
from app.web import actor
from app.web.accounts import AccountsView, RolesView
from app.web.actor import current_actor, current_panel, reading
from app.web.answers import answer
from app.web.interface import QuietInterface

VERBS = {
    "can_read": ("read",),
    "can_write": ("add", "edit", "delete"),
    "can_import": ("import",),
    "can_export": ("export",),
    "menu_access": ("read",),
}
"""What each permission on ``register:<code>`` asks of the catalog's access rules: any one of these verbs."""

OWN = {
    ("UserDBModelView", "can_userinfo"),
    ("UserDBModelView", "resetmypassword"),
    ("UserDBModelView", "userinfoedit"),
    *((view, f"can_this_form_{m}") for view in ("ResetMyPasswordView", "UserInfoEditView") for m in ("get", "post")),
    ("OpenApi", "can_get"),
    ("SwaggerView", "can_show"),
    ("MenuApi", "can_get"),
}
"""What everybody who has signed in may do: look after the own account, read how the interface works."""


class Visitor:
    """An active person who has signed in, as Flask-Login and FAB look at one; what the account does not tell ``read`` brings."""

    is_authenticated, is_active, active, is_anonymous = True, True, True, False

    def __init__(self, account: Account, read: Callable[[int], Any]) -> None:
        self.id, self.username = account.id, account.username
        self.first_name, self.last_name = account.first_name, account.last_name
        self._read = read

    def get_id(self) -> str:
        return str(self.id)

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._read(self.id), name)


class PanelSecurity(SecurityManager):
    """Decides what a request may reach; which rows it then finds there is the scope's business."""

    userstatschartview = None
    userdbmodelview = AccountsView
    rolemodelview = RolesView

    def __init__(self, appbuilder: Any) -> None:
        super().__init__(appbuilder)
        for view in (self.userdbmodelview, self.rolemodelview, self.groupmodelview):
            if isinstance(view.datamodel, SQLAInterface):
                view.datamodel = QuietInterface(view.datamodel.obj)

    def register_views(self) -> None:
        super().register_views()
        if self.is_auth_limited:  # FAB limits its login page and forgets the login of machines
            self.limiter.limit(self.auth_rate_limit, methods=["POST"])(current_app.blueprints["SecurityApi"])

    def create_jwt_manager(self, app: Flask) -> JWTManager:
        """Let bearer tokens that are missing, expired or false be answered like every other error."""
        manager = super().create_jwt_manager(app)
        for loader in (manager.unauthorized_loader, manager.invalid_token_loader):
            loader(lambda _why: answer(401, gettext("请先登录")))
        for loader in (manager.expired_token_loader, manager.user_lookup_error_loader):
            loader(lambda _header, _payload: answer(401, gettext("登录已失效，请重新登录")))
        return manager

    def load_user(self, pk: int) -> Any | None:
        """Return the active person of a number; whatever else FAB wants to know of him it reads when it asks for it.

        He is read with all that the request goes by, and not through FAB's session, which most requests then leave closed.
        """
        account = actor.account(int(pk))
        return None if account is None else Visitor(account, self.get_user_by_id)

    def update_user_auth_stat(self, user: Any, success: bool = True) -> None:
        """Count a sign-in, or one that failed, in a statement of its own, which waits its turn behind whoever writes."""
        table = self.user_model.__table__
        failed = func.coalesce(table.c.fail_login_count, 0) + 1
        counted: dict[str, Any] = {"fail_login_count": failed}
        if success:
            times = func.coalesce(table.c.login_count, 0) + 1
            counted = {"fail_login_count": 0, "login_count": times, "last_login": clock.now().replace(tzinfo=None)}
        with current_panel().engine.connect().execution_options(immediate=True) as connection, connection.begin():
            connection.execute(update(table).where(table.c.id == user.id).values(counted))
        (self.on_user_login if success else self.on_user_login_failed)(user)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Return False: nothing of this panel is for people who have not signed in."""
        return False

    def _has_view_access(self, user: object, permission_name: str, view_name: str) -> bool:
        kind, _, code = view_name.partition(":")
        if kind == "register":
            return any(scope.may(reading(), code, verb) for verb in VERBS.get(permission_name, ()))
        if kind == "domain":
            return any(spec.domain == code for spec in scope.readable(reading()))
        roles = current_actor().roles
        return self.auth_role_admin in roles or (view_name, permission_name) in OWN | self._granted(roles)

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        """Return which of these entries of the menu the person may see."""
        return {name for name in menu_names or () if self.has_access("menu_access", name)}

    def _granted(self, roles: frozenset[str]) -> set[tuple[str, str]]:
        """Return every (resource, permission) that FAB's tables give to roles; read once in a request."""
        if "granted" not in g:
            query = (
                select(ViewMenu.name, Permission.name)
                .join_from(PermissionView, ViewMenu)
                .join(Permission)
                .join(PermissionView.role)
            )
            g.granted = {(r[0], r[1]) for r in self.session.execute(query.where(Role.name.in_(roles)))}
        granted: set[tuple[str, str]] = g.granted
        return granted
