"""Documents of the Security Council as Akoma Ntoso XML (AKN4UN): resolutions, presidential statements, rejected drafts.

A document is read as it comes, no tree is built, and no document type declaration is accepted. What an event needs
stands at the beginning, in `meta` and `coverPage`: where later tags do not match, as in many of the older statements,
what was read until there counts. Of the body only what terminates a mandate is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree.ElementTree import ParseError, XMLParser

from producers.council.documents import Document, Kind, agenda_item, day_of, symbol_of, votes_of
from producers.council.titles import termination
from producers.reading.pieces import pieces
from producers.reading.records import Record
from producers.reading.sources import Source
from producers.reading.values import shown
from schemas.errors import BadInput

# What comes first is one letter, and the next is looked at before all else: so it is found fast, and fails fast.
_STARTS: Final = re.compile(rb"<(?=[?a])(?:\?xml [^>]{1,200}\?>\s{0,64}<)?akomaNtoso[\s>]")
_END: Final = "</akomaNtoso>"
# What may stand around a document: declarations, comments, byte order marks.
_AROUND: Final = re.compile(r"(?:\s|\ufeff|<\?[^>]*>|<!--(?:[^-]|-(?!->))*-->)*")
_KINDS: Final = {
    "resolution": Kind.RESOLUTION,
    "draftResolution": Kind.DRAFT,
    "presidentialStatement": Kind.STATEMENT,
}
_REJECTED: Final = ("notadopted", "veto")
_VOTES: Final = ("inFavour", "against", "abstaining")
_NO_DATE: Final = "0001-01-01"


def documents(source: Source) -> Iterator[Record]:
    """Yield each XML document of a stream."""
    for piece in pieces(source, _STARTS):
        if not _AROUND.fullmatch(piece.raw.decode(errors="replace")):
            yield piece


def document(text: str, repairs: tuple[str, ...]) -> Document | None:
    """Return what an XML document says; None when it is in another language than English.

    Raises:
        BadInput: it is no document of the Council, or is cut.
    """
    if "<!DOCTYPE" in text:
        raise BadInput("the document has a document type declaration, which is not read")
    body, end, rest = text.rpartition(_END)
    found = _Reader()
    mended = () if _AROUND.fullmatch(rest) else ("markup",)
    try:
        parser = XMLParser(target=found)  # noqa: S314  no document type, so no entities; and no tree
        parser.feed(body + end)
        parser.close()
    except ParseError as error:
        if not (end and found.has_cover):
            raise BadInput(f"broken XML: {error}") from error
        mended = ("markup",)
    if found.language not in ("", "eng"):
        return None
    return _document(found, (*repairs, *mended))


def _document(found: _Reader, repairs: tuple[str, ...]) -> Document:
    kind = _KINDS.get(found.kind)
    if kind is None:
        raise BadInput(f"expected a resolution, a draft or a presidential statement, found {shown(found.kind)}", "type")
    if kind is Kind.DRAFT and found.outcome not in _REJECTED:
        raise BadInput("the draft was not rejected, so it is no event", "resolution.outcome")
    symbol, year = symbol_of(found.symbol, kind)
    stated = [found.counts.get(name, 0) for name in _VOTES]
    listed = [found.voters.get(name, 0) for name in _VOTES]
    return Document(
        kind=kind,
        symbol=symbol,
        adopted=day_of(found.dated or found.adopted, year),
        title=found.title,
        agenda=" ".join(found.agenda),
        chapter_vii=True if found.chapter == "chapter vii" else None,
        votes=votes_of(stated, listed, found.manner),
        repairs=repairs,
        terminated=termination(found.title, found.decisions) if kind is Kind.RESOLUTION else None,
    )


class _Reader:
    """What the parser tells of a document, element by element."""

    def __init__(self) -> None:
        self.kind = self.language = self.symbol = self.dated = self.adopted = self.title = ""
        self.agenda: list[str] = []
        self.outcome = self.manner = self.chapter = ""
        self.counts: dict[str, int] = {}
        self.voters: dict[str, int] = {}
        self.decisions: list[str] = []
        self.has_cover = False
        self._in_work = self._in_body = False
        self._vote = ""
        self._text: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        name = tag.rpartition("}")[2]
        if name in ("p", "docNumber"):
            self._text.clear()
        elif self._in_body:
            return
        elif name == "statement":
            self.kind = attributes.get("name", "")
        elif name == "FRBRWork":
            self._in_work = True
        elif name == "FRBRdate" and self._in_work:
            self.dated = self.dated or _stated_day(attributes)
        elif name == "FRBRlanguage":
            self.language = self.language or attributes.get("language", "")
        elif name == "keyword":
            self._keyword(attributes)
        elif name == "step":
            self._step(attributes)
        elif name == "count":
            self._count(attributes)
        elif name == "organization" and self._vote:
            self.voters[self._vote] = self.voters.get(self._vote, 0) + 1
        elif name == "docDate" and "adoption" in attributes.get("refersTo", ""):
            self.adopted = self.adopted or _stated_day(attributes)
        elif name == "mainBody":
            self._in_body = True

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        name = tag.rpartition("}")[2]
        if name == "FRBRWork":
            self._in_work = False
        elif name == "count":
            self._vote = ""
        elif name == "docNumber":
            self.symbol = self.symbol or _single("".join(self._text))
        elif name == "coverPage":
            self.has_cover = True
        elif name == "p" and self._in_body:
            decision = _single("".join(self._text))
            if "terminate" in decision:
                self.decisions.append(decision)

    def data(self, text: str) -> None:
        """Take text; it belongs to the paragraph or number that began last."""
        self._text.append(text)

    def close(self) -> None:
        """Take the end of the document."""

    def _keyword(self, attributes: Mapping[str, str]) -> None:
        about, label = attributes.get("refersTo"), _single(attributes.get("showAs", ""))
        if about == "title":
            self.title = self.title or label
        elif about == "agenda" and attributes.get("value") == "X":
            self.agenda.append(agenda_item(label))

    def _step(self, attributes: Mapping[str, str]) -> None:
        outcome = attributes.get("outcome", "").lower()
        if outcome == "adopted" or outcome in _REJECTED:
            self.outcome = outcome
            self.manner = _single(attributes.get("by", ""))
            self.chapter = _single(attributes.get("refersTo", "")).lower()

    def _count(self, attributes: Mapping[str, str]) -> None:
        self._vote = attributes.get("refersTo", "")
        number = attributes.get("value", "")
        if not (number.isdecimal() and len(number) < 4):
            raise BadInput(f"expected a number of votes, found {shown(number)}", "resolution.votes")
        self.counts[self._vote] = int(number)


def _stated_day(attributes: Mapping[str, str]) -> str:
    stated = attributes.get("date", "")
    return "" if stated == _NO_DATE else stated


def _single(text: str) -> str:
    """Return a text with its blanks, no-break ones too, made single."""
    return " ".join(text.split())
