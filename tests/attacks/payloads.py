"""What an attacker types; the places (query parameters, variables of paths, fields of forms); what must not happen.

Places are found by a walk over the pages: a new page or field is attacked without being named anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

from lxml import html
from lxml.html import HtmlElement

from cli.bench.crawl import links_of
from node.web.page import Routes
from tests.node.web.harness import Shown
from tests.node.web.walking import Seen

#: One text with the marks of several attacks: breaks out of text, attribute, script and template.
ALL_IN_ONE = "zq\"'></textarea></script><zqx onzq=1>{{7*7}}${7*7}"
PAYLOADS = (
    ALL_IN_ONE,
    '<script>zq(1)</script><img src="x" onerror="zq(2)">',
    '" onzq="1" zq=\'',
    "javascript:zq(1)",
    "x\r\nX-Zq: 1\r\nSet-Cookie: zq=1\r\n\r\n<zqx>",
    "../../../../../../etc/passwd",
    "..%2f..%2f\\..\\etc\\passwd\x00.html",
    "' OR '1'='1' --",
    '1; DROP TABLE members; --") UNION SELECT 1,2,3 --',
    "//zq.example/",
    "https://zq.example/",
    "/\\zq.example",
    "zq{{7*7}}zq{% debug %}#{7*7}",
    "9" * 400,
    "-1e309",
    "\u202e\ud7ff\ufffe\U0010ffff",
)
_RUNS = re.compile(r"^\s*(javascript|data|vbscript):", re.IGNORECASE)
_ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "data")


def wrong_with(shown: Shown, cookies: Iterable[str]) -> str:
    """What an attack achieved on this answer; empty: nothing."""
    if shown.status >= 500:
        return f"status {shown.status}"
    if "zq" in cookies or any(name.lower() == "x-zq" for name in shown.headers):
        return "wrote a header"
    if shown.location and not re.match(r"/(?![/\\])", shown.location):
        return f"leads to {shown.location}"
    if "root:x:0" in shown.text:
        return "reads the node's files"
    if "text/html" in shown.headers.get("Content-Type", "") and "zq" in shown.text:
        return _came_alive(shown.text)
    return ""


def _came_alive(text: str) -> str:
    if "zq49" in text or "zq\"'&gt;49" in text:
        return "a template ran it"
    for element in html.document_fromstring(text).iter("*"):
        if element.tag == "zqx" or (element.tag == "script" and "zq" in (element.text or "")):
            return f"an element: <{element.tag}>"
        for name, value in element.attrib.items():
            if name.startswith(("on", "zq")):
                return f"an attribute: {name} of <{element.tag}>"
            if name in _ADDRESSES and (_RUNS.match(value) or "//zq.example" in value[:20]):
                return f"an address: {name}={value[:60]} of <{element.tag}>"
    return ""


class Form(NamedTuple):
    """A form as a browser would send it. ``buttons``: name and value of each; ``files``: the fields for files."""

    action: str
    method: str
    fields: Mapping[str, str]
    buttons: tuple[tuple[str, str], ...]
    files: tuple[str, ...]

    @property
    def parts(self) -> bool:
        """Whether it is sent in parts (multipart/form-data)."""
        return bool(self.files)


def forms_of(seen: Iterable[Seen], routes: Routes) -> list[Form]:
    """One form of each kind: the same page behind it, the same fields."""
    found: dict[tuple[object, ...], Form] = {}
    for one in seen:
        if "text/html" not in one.shown.headers.get("Content-Type", "") or not one.shown.text.strip():
            continue
        for element in html.document_fromstring(one.shown.text).forms:
            form = _form(element, one.link)
            page = routes.find(form.method, urlsplit(form.action).path)
            path = page[0].path if isinstance(page, tuple) else form.action
            names = frozenset(re.sub(r"\d+", "0", name) for name in (*form.fields, *form.files))
            found.setdefault((form.method, path, names, form.buttons), form)
    return list(found.values())


def _form(element: HtmlElement, link: str) -> Form:
    fields: dict[str, str] = {}
    files: list[str] = []
    buttons: list[tuple[str, str]] = []
    for field in element.xpath(".//input[@name] | .//select[@name] | .//textarea[@name] | .//button[@name]"):
        name, kind = field.get("name"), field.get("type", "")
        if field.tag == "button" or kind == "submit":
            buttons.append((name, field.get("value", "")))
        elif kind == "file":
            files.append(name)
        elif field.tag == "select":
            fields[name] = str(field.value or "")
        elif field.tag == "textarea":
            fields[name] = str(field.value or "").lstrip("\n")
        elif kind not in ("radio", "checkbox") or field.get("checked") is not None or name not in fields:
            fields[name] = field.get("value", "")
    action = element.get("action") or link
    return Form(action, (element.method or "GET").upper(), fields, tuple(buttons), tuple(files))


def attacked_links(seen: Iterable[Seen], routes: Routes) -> list[str]:
    """Every address with each parameter and each variable of its path replaced, one at a time."""
    links: dict[tuple[str, frozenset[str]], str] = {}
    for one in seen:
        for link in (one.link, *links_of(one.shown.text)):
            page = routes.find("GET", urlsplit(link).path)
            if isinstance(page, tuple):
                names = frozenset(name for name, _ in parse_qsl(urlsplit(link).query, keep_blank_values=True))
                links.setdefault((page[0].path, names), link)
    return list(dict.fromkeys(bad for link in links.values() for bad in _spoiled(link, routes)))


def _spoiled(link: str, routes: Routes) -> list[str]:
    parts = urlsplit(link)
    query = parse_qsl(parts.query, keep_blank_values=True)
    found = routes.find("GET", parts.path)
    values = found[1].values() if isinstance(found, tuple) else ()
    bad = []
    for payload in PAYLOADS:
        typed = quote(payload, safe="", errors="surrogatepass")
        bad += [parts.path.replace(f"/{value}", f"/{typed}", 1) for value in values]
        for at, _ in enumerate(query):
            pairs = [(name, payload if at == other else value) for other, (name, value) in enumerate(query)]
            bad.append(parts.path + "?" + "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in pairs))
    bad.append(f"{parts.path}?{quote(ALL_IN_ONE)}={quote(ALL_IN_ONE)}&lang={quote(ALL_IN_ONE)}&next=//zq.example/")
    return bad


def attacked_fields(form: Form) -> list[dict[str, str]]:
    """What is sent: each field alone with the mixed payload, then all of them with each payload, by every button."""
    free = [name for name in form.fields if name != "csrf"]
    first = dict(form.buttons[:1])
    one_each = {re.sub(r"\d+", "0", name): name for name in reversed(free)}.values()  # of a table's rows only the first
    sent = [{**form.fields, **first, name: ALL_IN_ONE} for name in one_each]
    for at, payload in enumerate(PAYLOADS):
        button = dict([form.buttons[at % len(form.buttons)]]) if form.buttons else {}
        sent.append({**form.fields, **dict.fromkeys(free, payload), **button})
    sent += [{**form.fields, name: ALL_IN_ONE} for name in dict(form.buttons)]
    return sent
