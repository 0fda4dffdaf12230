"""Enquiries, guests and links, on every engine."""

from __future__ import annotations

from node.store import EnquiredRow, EnquiryRow, GuestLinkRow, GuestRow, Store

M, N, P, Q, T, U = (letter * 32 for letter in (b"M", b"N", b"P", b"Q", b"T", b"U"))


def test_an_enquiry_is_its_buyers_alone(store: Store) -> None:
    first, second = EnquiryRow(M, b"1" * 16, "座金", "2026-10-09", 1), EnquiryRow(M, b"2" * 16, "", "", 2)
    other = EnquiryRow(N, b"1" * 16, "", "", 3)
    for row in (first, second, other):
        store.write(lambda tx, row=row: tx.enquiries.put(row))  # type: ignore[misc]
    asked = [EnquiredRow(M, first.id, T, P, None, None), EnquiredRow(M, first.id, U, Q, None, None)]
    for one in asked:
        store.write(lambda tx, one=one: tx.enquiries.put_asked(one))  # type: ignore[misc]
    assert store.read(lambda tx: tx.enquiries.get(M, first.id)) == first
    assert store.read(lambda tx: tx.enquiries.latest(M, 9)) == [second, first]
    assert store.read(lambda tx: tx.enquiries.latest(M, 1)) == [second]
    assert store.read(lambda tx: tx.enquiries.asked(M, first.id)) == asked
    assert store.read(lambda tx: tx.enquiries.asked(N, first.id)) == []
    store.write(lambda tx: tx.enquiries.put_asked(asked[1]._replace(declined=7)))
    assert store.read(lambda tx: tx.enquiries.of_thread(M, U)) == asked[1]._replace(declined=7)
    assert store.read(lambda tx: tx.enquiries.of_thread(P, U)) is None


def test_guests_and_their_links(store: Store) -> None:
    rows = [GuestRow(P, M, "さるかに農園", 1, 1, None, None, b"a"), GuestRow(Q, N, "浦島", 2, 2, None, None, b"b")]
    for row in rows:
        store.write(lambda tx, row=row: tx.guests.put(row))  # type: ignore[misc]
    assert store.read(lambda tx: tx.guests.of(M)) == rows[:1]
    assert store.read(lambda tx: tx.guests.all()) == rows
    links = [GuestLinkRow(b"1" * 32, P, T, 1, 9, None, None), GuestLinkRow(b"2" * 32, P, T, 2, 9, None, M)]
    other = GuestLinkRow(b"3" * 32, Q, U, 3, 9, None, None)
    for link in (*links, other):
        store.write(lambda tx, link=link: tx.guests.put_link(link))  # type: ignore[misc]
    assert store.read(lambda tx: tx.guests.links_in(T)) == links[::-1]
    store.write(lambda tx: tx.guests.put_link(links[0]._replace(revoked=4)))
    store.write(lambda tx: tx.guests.revoke_links(P, 5))
    assert [link.revoked for link in store.read(lambda tx: tx.guests.links_in(T))] == [5, 4]
    assert store.read(lambda tx: tx.guests.link(other.hash)) == other
    store.write(lambda tx: tx.guests.put(rows[0]._replace(enrolled=6)))
    assert store.read(lambda tx: tx.guests.get(P)) == rows[0]._replace(enrolled=6)
    assert store.read(lambda tx: tx.guests.get(M)) is None
