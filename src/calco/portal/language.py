"""Which language a browser reads the portal in: the one that was chosen in it, else what the browser likes best."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from calco.portal import cookie
from calco.portal.address import inside
from calco.portal.words import LANGUAGES, Words, chosen

COOKIE = "calco-language"
KEPT_SECONDS = 365 * 86400


def words_for(request: Request, words: Mapping[str, Words]) -> Words:
    """``words`` has every language."""
    return words[chosen(request.cookies.get(COOKIE, ""), request.headers.get("accept-language", ""))]


async def choose(request: Request) -> Response:
    """Keep the language that was chosen (``to``), and go back to the page it was chosen on."""
    answer = RedirectResponse(inside(request.query_params.get("back", "")), 303)
    wanted = request.query_params.get("to", "")
    if wanted in LANGUAGES:
        cookie.put(answer, COOKIE, wanted, KEPT_SECONDS)
    return answer
