"""The report of a drill as one page to print, with the signed report inside it. Owns the page; reads nothing.

No script runs in it and it fetches nothing. What the page says is made from the report alone, so that whoever verifies
the report can make the page again and compare.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final

from node.i18n import N_, translations
from node.services.drilling import report as drills

JST: Final = timedelta(hours=9)
VERDICTS: Final = {
    "good": N_("Passed: every member could be restored elsewhere today."),
    "weak": N_("Passed with a reservation: every member could be restored, but not from every place, or not with all."),
    "failed": N_("Failed: at least one member could not be restored with everything."),
}
WORDS: Final = {"good": N_("passed"), "weak": N_("reservation"), "failed": N_("failed")}
WHAT: Final = {
    "documents": N_("documents"),
    "attachments": N_("attachments"),
    "entries": N_("journal"),
    "state": N_("terms and settings"),
    "dealings": N_("dealings"),
    "items": N_("items that cannot be read"),
    "frames": N_("copies that cannot be decrypted"),
    "frames-lost": N_("copies that nobody has"),
}
STYLE: Final = (
    "@page{size:A4;margin:16mm}body{font:10.5pt/1.5 'Noto Sans CJK JP','Noto Sans JP',sans-serif;color:#111;"
    "max-width:46em;margin:1em auto}h1{font-size:15pt;margin:0 0 .3em}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #bbb;padding:.25em .4em;text-align:left;vertical-align:top;font-size:9pt}"
    ".big{font-size:12pt;font-weight:bold;border:2px solid #111;padding:.5em .8em}code{word-break:break-all;"
    "font-size:8pt}.sign{margin-top:2em;display:flex;gap:3em}.sign div{border-top:1px solid #111;flex:1}"
)


def page(signed: dict[str, Any], language: str) -> str:
    """The page in ``language`` (ja or en)."""
    _ = translations(language).gettext
    found = signed["report"]
    facts = [
        (_("Association"), found["name"]),
        (_("Day and time"), _moment(found["time"])),
        (_("Members"), str(len(found["members"]))),
        (_("With copies elsewhere"), str(found["guarded"])),
        (_("Restored whole in this drill"), str(found["drilled"])),
        (_("The drill took"), _seconds(_, -(-found["took_ms"] // 1000))),
        (_("All back elsewhere, one after the other, within about"), _seconds(_, found["all_back_s"])),
    ]
    rows = "".join(_row(_, item) for item in found["members"])
    verdict = VERDICTS[found["verdict"]]
    heads = [_("Member"), _("Result"), _("Places"), _("Documents"), _("Back within about"), _("What is missing")]
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    table = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts)
    title = escape(_("Report of a drill"))
    asked = escape(_("Report of a drill: could our members be restored elsewhere?"))
    signer, check = (
        escape(_("Signed by the node")),
        escape(_("Anybody can check this file with: yui drill verify FILE")),
    )
    operator, board = escape(_("Operator")), escape(_("Board"))
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f'<style>{STYLE}</style><h1>{asked}</h1><p class="big">{escape(_(verdict))}</p><table>{table}</table>'
        f"<h2>{escape(_(heads[0]))}</h2><table><tr>{head}</tr>{rows}</table>"
        f"<p>{escape(_(EXPLAINED))}</p><p>{escape(_(NOT_PROVED))}</p>"
        f"<p>{signer} <code>{escape(found['node'])}</code><br>{check}</p>"
        f'<div class="sign"><div>{operator}</div><div>{board}</div></div>{drills.embed(signed)}</html>\n'
    )


EXPLAINED: Final = N_(
    "For the members marked “restored”, everything that each guardian keeps was fetched, compared with what was handed "
    "over, decrypted and put back in a store of its own in memory, then compared with the node: documents, journal, "
    "attachments, dealings, terms and settings. For the others each guardian signed anew up to where its copies reach. "
    "Nothing was changed anywhere."
)
NOT_PROVED: Final = N_(
    "Not proved: that the recovery words lie where they should (try them on paper), that guardians will still hold the "
    "copies tomorrow, and that a lost node is noticed in time."
)


def _row(_: Any, item: dict[str, Any]) -> str:
    word = WORDS[item["verdict"]]
    result = _(word)
    if item["drilled"]:
        result = f"{result} · {_('restored')}"
    if not item["guardians"]:
        return _cells(item["name"], result, "–", "–", "–", _("nobody keeps copies of this member"))
    documents = f"{item['documents_back']}/{item['documents']}" if item["drilled"] else str(item["documents"])
    needed = _("{whole} of {all}, needed {needed}")
    places = needed.format(whole=item["whole"], all=len(item["guardians"]), needed=item["needed"])
    missing = "; ".join(_missing(_, item)) or "–"
    return _cells(item["name"], result, places, documents, _seconds(_, item["back_s"]), missing)


def _missing(_: Any, item: dict[str, Any]) -> list[str]:
    found = [f"{_what(_, lack)}: {lack['count']} ({', '.join(lack['which'])})" for lack in item["lacking"]]
    late, has, bare = _("not copied yet: {n}"), _("has {n} of {all}, wrong {wrong}"), _("no agreement in force")
    if item["late"]:
        found.append(late.format(n=item["late"]))
    for one in item["guardians"]:
        if one["trouble"]:
            found.append(f"{one['name']}: {one['trouble']}")
        elif not one["whole"]:
            shown = one["frames"] if item["drilled"] else one["reach"]
            found.append(f"{one['name']}: {has.format(n=shown, all=one['frames_of'], wrong=one['wrong'])}")
        if not one["agreed"]:
            found.append(f"{one['name']}: {bare}")
    return found


def _what(_: Any, lack: dict[str, Any]) -> str:
    text = WHAT[lack["what"]]
    return str(_(text))


def _cells(*texts: str) -> str:
    return f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in texts)}</tr>"


def _seconds(_: Any, seconds: int) -> str:
    if seconds < 120:
        return str(_("{n} s")).format(n=seconds)
    return str(_("{n} min")).format(n=-(-seconds // 60))


def _moment(time: int) -> str:
    return (datetime.fromtimestamp(time // 1_000_000, UTC) + JST).strftime("%Y-%m-%d %H:%M JST")
