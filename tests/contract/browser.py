"""A browser for az: opens the sign-in page it is given, fills in the form, and follows it to the end.

BROWSER="python browser.py %s &" SIGN_IN_NAME=... SIGN_IN_PASSWORD=... az login
"""

import html
import os
import re
import ssl
import sys

import httpx


def hidden(page: str) -> dict[str, str]:
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    }


def browser() -> httpx.Client:
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    return httpx.Client(verify=trust, trust_env=False, timeout=60)


def entries(page: str) -> dict[str, str]:
    return {**hidden(page), "username": os.environ["SIGN_IN_NAME"], "password": os.environ["SIGN_IN_PASSWORD"]}


def sign_in(url: str) -> None:
    with browser() as client:
        page = client.get(url)
        answer = client.post(url, data=entries(page.text))
        action = re.search(r'action="([^"]*)"', answer.text)
        assert action is not None, answer.text
        client.post(html.unescape(action[1]), data=hidden(answer.text))


if __name__ == "__main__":
    sign_in(sys.argv[1])
