"""The letter by which an association invites a firm: what it is about, a one-time link as QR code, whom to ask.

Owns the letter's struct and its sheet. The link is a secret until it is used: who prints it hands it over in person or
by post, and it expires.
"""

from __future__ import annotations

from msgspec import Struct

from node.papers.pdf.sheet import Code, Facts, Sheet, Words
from node.papers.pdf.wording import Wording


class Letter(Struct, frozen=True, kw_only=True):
    """``link``: the one-time address; ``expires_us`` and ``made_us`` in µs UTC, shown ``zone_minutes`` east of it.

    ``text`` is the association's own paragraph; empty, the letter says the usual. ``code``: a short code to type where
    the link alone is not enough.
    """

    association: str
    firm: str
    link: str
    expires_us: int
    made_us: int
    zone_minutes: int = 540
    person: str = ""
    address: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    text: str = ""
    code: str = ""
    language: str = "ja"
    fax: bool = False
    sample: bool = False


def sheet(letter: Letter) -> Sheet:
    """The letter as a sheet."""
    words = Wording(letter.language)
    say = words.say
    who = [f"{letter.firm} 御中" if words.japanese else letter.firm, *letter.address]
    if letter.person:
        who.append(f"{letter.person} 様" if words.japanese else letter.person)
    usual = say(
        "With Yui your firm exchanges quotations, orders, deliveries and invoices with its partners. You need a"
        " computer or a smartphone with a browser; nothing has to be installed."
    )
    steps = "\n".join(
        (
            say("1. Read the code with a smartphone, or type the address below it into a browser."),
            say("2. Check the name of your firm and of the association."),
            say("3. Choose a login name and a password. Then your firm can begin."),
        )
    )
    until = words.moment(letter.expires_us, letter.zone_minutes)
    facts = [(say("The link works until"), until), (say("It works"), say("once, for one person"))]
    if letter.code:
        facts.append((say("Code to type there"), letter.code))
    return Sheet(
        title=say("Your invitation"),
        language=letter.language,
        marks=(say("SAMPLE"),) if letter.sample else (),
        numbers=((say("Date"), words.moment(letter.made_us, letter.zone_minutes)),),
        to=tuple(who),
        by=(letter.association, *letter.contact),
        lead=say("The association {name} invites your firm.").format(name=letter.association),
        blocks=(
            Words(letter.text or usual),
            Words(steps, say("What to do")),
            Code(letter.link, say("Your one-time link"), letter.link, say("The link")),
            Facts(tuple(facts)),
            Words(
                say(
                    "Do not show this letter to anybody outside your firm: whoever opens the link first is taken for"
                    " you. If it does not work, or if you did not expect this letter, ask the association by telephone."
                ),
                say("Keep it safe"),
            ),
        ),
        author=letter.association,
        subject=say("Invitation to {firm}").format(firm=letter.firm),
    )
