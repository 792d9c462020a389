"""What the sign-in page says, in English and Spanish; the program that sends people there chooses (``ui_locales``),
else the browser's ``Accept-Language``."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    language: str
    title: str
    asks: str
    """``{client}`` is the program."""
    portal_asks: str
    device_asks: str
    name: str
    password: str
    code: str
    enter: str
    wrong: str
    expired: str
    wait: str
    """``{seconds}``"""
    stale: str
    code_wrong: str
    refused: str
    admitted: str
    admitted_more: str
    """``{client}``"""
    nearly: str
    """``{name}``, ``{client}``"""
    go_on: str
    signed_out: str
    warning: str


ENGLISH = Words(
    language="en",
    title="Sign in to calco",
    asks="{client} asks you to sign in.",
    portal_asks="Sign in to use the portal.",
    device_asks="Enter the code that the program shows. Do so only if you started it yourself.",
    name="User name",
    password="Password",  # noqa: S106 - a label
    code="Code",
    enter="Sign in",
    wrong="The user name or the password is wrong.",
    expired="This password has expired. Whoever looks after calco here gives you a new one: calco user rotate.",
    wait="Too many attempts. Try again in {seconds} seconds.",
    stale="This page was open for too long, or cookies are blocked. Please try again.",
    code_wrong="There is no such code. It may have run out; the program shows a new one when you start again.",
    refused="This request to sign in cannot be served",
    admitted="You are signed in",
    admitted_more="You may close this window and go back to {client}.",
    nearly="{name} is about to be signed in to {client} on this computer.",
    go_on="Continue",
    signed_out="You are signed out: this page keeps no session in the browser. The portal has a sign-out of its own.",
    warning="calco never asks for your password anywhere else.",
)

SPANISH = Words(
    language="es",
    title="Iniciar sesión en calco",
    asks="{client} le pide que inicie sesión.",
    portal_asks="Inicie sesión para usar el portal.",
    device_asks="Escriba el código que muestra el programa. Hágalo solo si usted mismo lo ha iniciado.",
    name="Nombre de usuario",
    password="Contraseña",  # noqa: S106 - a label
    code="Código",
    enter="Iniciar sesión",
    wrong="El nombre de usuario o la contraseña no son correctos.",
    expired="Esta contraseña ha caducado. Quien administra calco aquí puede darle otra: calco user rotate.",
    wait="Demasiados intentos. Vuelva a intentarlo dentro de {seconds} segundos.",
    stale="La página llevaba demasiado tiempo abierta o las cookies están bloqueadas. Inténtelo de nuevo.",
    code_wrong="Ese código no existe. Puede haber caducado; el programa muestra otro si vuelve a empezar.",
    refused="Esta solicitud de inicio de sesión no se puede atender",
    admitted="Ha iniciado sesión",
    admitted_more="Puede cerrar esta ventana y volver a {client}.",
    nearly="{name} va a iniciar sesión en {client} en este equipo.",
    go_on="Continuar",
    signed_out="Ha cerrado la sesión: esta página no la guarda en el navegador. El portal tiene su propia salida.",
    warning="calco nunca le pide la contraseña en otro sitio.",
)

LANGUAGES = {each.language: each for each in (ENGLISH, SPANISH)}
_RANGE = re.compile(r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]{1,40})?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*")


def words_for(accept_language: str, ui_locales: str = "") -> Words:
    """The first of ``ui_locales`` that we speak, else what the browser likes best of it; English when it likes none.
    Sources: OpenID Connect Core 1.0, 3.1.2.1 (tags by preference, spaces between them); RFC 9110, 12.5.4."""
    for tag in ui_locales[:500].split(" "):
        asked_for = LANGUAGES.get(tag.partition("-")[0].lower())
        if asked_for is not None:
            return asked_for
    best, liking = ENGLISH, 0.0
    for part in accept_language[:500].split(","):
        ranged = _RANGE.fullmatch(part)
        if not ranged:
            continue
        spoken, quality = LANGUAGES.get(ranged[1].lower()), float(ranged[2] or 1)
        if spoken is not None and quality > liking:
            best, liking = spoken, quality
    return best
