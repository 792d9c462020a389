"""The pages of a sign-in: plain forms, no script, nothing from elsewhere. Whatever came from outside is escaped here.

The policy that goes with a page allows its one style sheet by hash, and forms to this service and, where a program
waits for the answer, to that program's address: browsers hold a form's redirects to it too.
"""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from html import escape

from calco.identity.sign_in_words import Words
from calco.page_headers import page_headers

STYLE = (
    # The colours of the portal, from where most people come here.
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;background:#f7f6f5;color:#1b1a19;margin:0}"
    "main{box-sizing:border-box;width:calc(100% - 2rem);max-width:26rem;margin:10vh auto;padding:2rem;background:#fff;"
    "border-radius:.25rem;box-shadow:0 1px 4px #0003}"
    "h1{font-size:1.4rem;margin:0 0 .5rem}label{display:block;margin-top:1rem}"
    "input{width:100%;box-sizing:border-box;font:inherit;margin-top:.25rem;padding:.5rem;border:1px solid #8a8886;"
    "border-radius:2px}"
    "button{margin-top:1.5rem;width:100%;font:inherit;padding:.6rem;border:0;border-radius:2px;background:#0f5fa8;"
    "color:#fff}"
    "input:focus-visible,button:focus-visible{outline:2px solid #0f5fa8;outline-offset:2px}"
    ".fault{color:#a4262c}.small{font-size:.85rem;color:#5c5a58}"
    "@media(prefers-color-scheme:dark){body{background:#151515;color:#f3f2f1}main{background:#1e1e1e}"
    "input{background:#151515;color:inherit;border-color:#8f8c89}button{background:#6cb8f6;color:#0b1a28}"
    "input:focus-visible,button:focus-visible{outline-color:#6cb8f6}.fault{color:#f5888f}.small{color:#bdbab7}}"
)


@cache
def _style_hash() -> str:
    return base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def headers(origin: str = "") -> dict[str, str]:
    """What goes with every page. ``origin`` is where a form may lead besides this service."""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_style_hash()}'; img-src data:; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self'{' ' if origin else ''}{origin}"
    )
    return page_headers(policy)


def ask(words: Words, *, why: str, hidden: Mapping[str, str], name: str, fault: str) -> str:
    """The form for a program's sign-in, with ``why`` it is asked; it posts to the page's own address."""
    body = f"<p>{escape(why)}</p>{_fault(fault)}{_form(words, hidden, _entries(words, name))}"
    return _page(words, words.title, body)


def ask_device(words: Words, *, hidden: Mapping[str, str], code: str, name: str, fault: str) -> str:
    """The form for a device's code."""
    field = (
        f'<label for="code">{escape(words.code)}</label>'
        f'<input id="code" name="code" value="{escape(code)}" required autofocus autocomplete="off" '
        'autocapitalize="characters" spellcheck="false" maxlength="20">'
    )
    entries = field + _entries(words, name, focused=False)
    body = f"<p>{escape(words.device_asks)}</p>{_fault(fault)}{_form(words, hidden, entries)}"
    return _page(words, words.title, body)


def hand_back(words: Words, *, said: str, action: str, fields: Mapping[str, str]) -> str:
    """A form that carries the answer to the program. It has no script that would send it off, so the person does."""
    hidden = "".join(_hidden(key, value) for key, value in fields.items())
    body = (
        f"<p>{escape(said)}</p>"
        f'<form method="post" action="{escape(action)}">{hidden}'
        f"<button autofocus>{escape(words.go_on)}</button></form>"
    )
    return _page(words, words.title, body)


def admitted(words: Words, client: str) -> str:
    return _page(words, words.admitted, f"<p>{escape(words.admitted_more.format(client=client))}</p>")


def refused(words: Words, said: str) -> str:
    """A request that can be answered to nobody but the person in front of it."""
    return _page(words, words.refused, f'<p class="fault">{escape(said)}</p>')


def signed_out(words: Words) -> str:
    return _page(words, "calco", f"<p>{escape(words.signed_out)}</p>")


def _entries(words: Words, name: str, *, focused: bool = True) -> str:
    """Name and password; the first that is empty has the focus, unless another field of the page has."""
    focus = " autofocus" if focused else ""
    return (
        f'<label for="username">{escape(words.name)}</label>'
        f'<input id="username" name="username" value="{escape(name)}" required maxlength="64" '
        f'autocomplete="username" autocapitalize="none" spellcheck="false"{"" if name else focus}>'
        f'<label for="password">{escape(words.password)}</label>'
        '<input id="password" name="password" type="password" required maxlength="256" '
        f'autocomplete="current-password"{focus if name else ""}>'
    )


def _form(words: Words, hidden: Mapping[str, str], inside: str) -> str:
    kept = "".join(_hidden(key, value) for key, value in hidden.items())
    return (
        f'<form method="post">{kept}{inside}<button>{escape(words.enter)}</button></form>'
        f'<p class="small">{escape(words.warning)}</p>'
    )


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _fault(text: str) -> str:
    return f'<p class="fault" role="alert">{escape(text)}</p>' if text else ""


def _page(words: Words, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        # An icon of our own keeps the browser from asking for one, which is answered as everything is: with a 401.
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
