"""Errors as people and machines read them: a sentence and what to do, never a statement or a traceback."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_appbuilder.exceptions import FABException
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.errors import CellError, Conflict, Invalid, Refused
from app.web.language import sentence

log = logging.getLogger(__name__)


def is_machine() -> bool:
    """Return whether whoever asks reads JSON rather than pages."""
    if request.path.startswith("/api/") or request.is_json:
        return True
    return bool(request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json")


def answer_errors(app: Flask) -> None:
    """Let ``app`` answer every error with a sentence."""
    app.register_error_handler(Refused, refused)
    app.register_error_handler(HTTPException, refused_by_http)
    app.register_error_handler(FABException, misunderstood)
    app.register_error_handler(Exception, failed)


def refused(error: Refused) -> Response:
    """Answer what a service refused."""
    return answer(error.status, sentence(error.reason), **details(error))


def details(error: Refused) -> dict[str, Any]:
    """Return what a machine needs beside the sentence: every cell error, or both values of every clash."""
    if isinstance(error, Invalid):
        return {"errors": [cell(e) for e in error.errors]}
    if isinstance(error, Conflict):
        clashes = [{"field": c.field, "base": c.base, "mine": c.mine, "theirs": c.theirs} for c in error.clashes]
        return {"version": error.version, "by": error.by, "clashes": clashes}
    return {}


def cell(error: CellError) -> dict[str, Any]:
    """Return one cell error as JSON carries it."""
    given = {
        "field": error.field,
        "message": sentence(error.reason),
        "text": error.text,
        "row": error.row,
        "line": error.line,
    }
    return {k: v for k, v in given.items() if v not in (None, "")}


def refused_by_http(error: HTTPException) -> Response:
    """Answer what the web layers refused: no such page, no right, too large, no token …"""
    status = error.code or 500
    said = {
        400: gettext("请求无法理解，请检查后再试"),
        401: gettext("请先登录"),
        403: gettext("您没有这样做的权限"),
        404: gettext("没有找到，或您无权查看"),
        405: gettext("这个地址不能这样使用"),
        413: gettext("上传的内容过大"),
        415: gettext("不支持这种内容格式"),
        429: gettext("尝试太频繁，请稍后再试"),
    }.get(status, gettext("请求没有完成"))
    if isinstance(error, CSRFError):
        said = gettext("页面已过期，请刷新后重新提交")
    if error.response is not None and status < 400:
        return make_response(error.response)
    response = answer(status, said)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]
    return response


def misunderstood(error: FABException) -> Response:
    """Answer arguments that FAB's own layers refused."""
    if isinstance(error.__cause__, SQLAlchemyError):
        return failed(error)
    return answer(400, gettext("请求无法理解，请检查后再试"))


def failed(error: Exception) -> Response:
    """Answer what we did wrong ourselves: logged under a number, which is all that the page shows."""
    reference = secrets.token_hex(4)
    log.error("request %s %s failed, reference %s", request.method, request.path, reference, exc_info=error)
    return answer(500, gettext("系统出了问题，已经记录，请稍后再试"), reference=reference)


def answer(status: int, what: str, reference: str = "", **more: Any) -> Response:
    """Return an error as a page, or as JSON for a machine."""
    if is_machine():
        body = {"message": what, **more} | ({"reference": reference} if reference else {})
        return make_response(jsonify(body), status)
    titles = {
        403: gettext("没有权限"),
        404: gettext("没有找到"),
        409: gettext("内容已被别人修改"),
        413: gettext("上传过大"),
        500: gettext("系统出错"),
    }
    do = [gettext("联系系统管理员，并告知编号")] if reference else [gettext("返回上一页"), gettext("回到首页")]
    where = (
        [f"{e.get('row', '')} {e['field']}：{e['message']}".strip() for e in more.get("errors", ())]
        if "errors" in more
        else []
    )
    # After a failure of our own the page asks the database nothing: it may be what failed.
    nobody = {"current_user": None} if reference else {}
    page = render_template(
        "error.html", **nobody, status=status, title=titles.get(status, gettext("请求没有完成")), what=what, where="\n".join(where), do=do,
        back_url=request.referrer or "/", reference=reference,
    )  # fmt: skip
    return make_response(page, status)
