"""What goes wrong between an EHR and a service, as data: one trouble at a time."""

from dataclasses import dataclass
from typing import Literal

Spoilt = Literal["", "null", "error", "left-out", "first-page", "stranger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One trouble. `shows` is what to look for in the answer.

    `spoils` says what becomes of the keys of genetic results. `sends_prefetch` False: no key
    comes at all, and we have to ask the FHIR server. What that does: `status` in place of 200 to
    every question, or only to those for results; `seconds` before each answer; `page_size` results
    on a page. With `may_call` False the site has not put the server on the list of those we call.
    With `takes_suggestions` False the client can carry out no suggestion.
    """

    name: str
    title: str
    shows: str
    spoils: Spoilt = ""
    sends_prefetch: bool = True
    status: int = 200
    of_results_only: bool = False
    seconds: float = 0.0
    page_size: int | None = None
    may_call: bool = True
    takes_suggestions: bool = True


NONE = Trouble(name="none", title="Nothing goes wrong", shows="the cards as they should be")

_EACH = (
    NONE,
    Trouble(
        name="prefetch-missing",
        title="No prefetch",
        shows="we ask the EHR's FHIR server for every template",
        sends_prefetch=False,
    ),
    Trouble(
        name="prefetch-missing-not-listed",
        title="No prefetch, and we may not call the server",
        shows="412: needed data neither came nor could be fetched, which is not the same as none",
        sends_prefetch=False,
        may_call=False,
    ),
    Trouble(
        name="prefetch-null",
        title="The prefetch keys of results are null",
        shows="the EHR says that there are no results: not tested, and we do not ask again",
        spoils="null",
    ),
    Trouble(
        name="prefetch-error",
        title="The prefetch keys of results hold an error",
        shows="the search failed: the results are not available, which is not the same as none",
        spoils="error",
    ),
    Trouble(
        name="prefetch-left-out",
        title="The prefetch keys of results are left out",
        shows="we ask the FHIR server for those templates alone",
        spoils="left-out",
    ),
    Trouble(
        name="prefetch-first-page",
        title="The prefetch holds the first page alone",
        shows="the card says that there are results which were not sent",
        spoils="first-page",
        page_size=1,
    ),
    Trouble(
        name="server-paged",
        title="No prefetch, and the server answers page by page",
        shows="we follow the pages, and say so where there are more than we read",
        sends_prefetch=False,
        page_size=1,
    ),
    Trouble(
        name="server-slow",
        title="No prefetch, and a slow server",
        shows="what came in time is used; what did not is not available, never “not tested”",
        sends_prefetch=False,
        seconds=2.0,
    ),
    Trouble(
        name="server-500",
        title="No prefetch, and the server fails (500)",
        shows="412: the results could not be obtained",
        sends_prefetch=False,
        status=500,
    ),
    Trouble(
        name="server-403",
        title="No prefetch, and the server refuses results (403)",
        shows="412: the token does not allow to read results; the rest was read",
        sends_prefetch=False,
        status=403,
        of_results_only=True,
    ),
    Trouble(
        name="no-suggestions",
        title="The client takes no suggestion",
        shows="what a suggestion would do stands in the card, under “To enter by hand”",
        takes_suggestions=False,
    ),
    Trouble(
        name="two-patients",
        title="A result of another patient among the data",
        shows="400: nothing is answered from mixed data",
        spoils="stranger",
    ),
)

TROUBLES = {each.name: each for each in _EACH}
