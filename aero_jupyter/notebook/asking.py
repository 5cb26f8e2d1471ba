"""Asking a listing something else, as somebody does in a table: what if the server cannot, and if nothing is found."""

from __future__ import annotations

from dataclasses import replace

from aero_jupyter.core.errors import AeroError, ServerFailed, UnknownName
from aero_jupyter.notebook.columns import COLUMNS
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.page import Place

_ONES = {"prov": "provenance"}


def asked_anew(listing: Listing, question: Question) -> Listing:
    """Ask a question; where the server's search is broken, read the whole catalogue and search it here."""
    asked = listing.again(question)
    try:
        asked.pages.page(1)
    except ServerFailed:
        if not question.query or question.kind != "data" or question.scan:
            raise
        return listing.again(replace(question, scan=True))
    return asked


def fitting(place: Place, question: Question) -> Place:
    """Give a place as it is for a question: what is listed may have no such column to be sorted by."""
    columns = {name for name, _, _ in COLUMNS[question.shape]}
    return place if place.sort is None or place.sort[0] in columns else replace(place, sort=None)


def nothing(listing: Listing) -> str:
    """Say that nothing was found, and what may have been meant."""
    question, client = listing.question, listing.session.client
    wanted = question.query or question.text
    if not wanted:
        return "There is nothing yet."
    said = f'No {_ONES.get(question.kind, question.kind)} matches "{wanted}".'
    resolve = {"data": client.resolve_data, "flow": client.resolve_flow}.get(question.kind)
    try:
        if resolve is not None:
            resolve(wanted)
    except UnknownName as unknown:
        return f"{said} {unknown.cure}" if unknown.candidates else said
    except AeroError:
        return said
    return said
