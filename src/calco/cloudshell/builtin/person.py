"""Read-Host, Get-Credential and the secrets that a person types; Clear-Host.

Source: Microsoft Learn, Read-Host, Get-Credential, ConvertTo-SecureString, ConvertFrom-SecureString, Clear-Host.
"""

from collections.abc import Iterator

from calco.cloudshell.binder.invocation import NON_INTERACTIVE
from calco.cloudshell.cmdlet import CORE, SECURITY, UTILITY, Call, Kind, Module
from calco.cloudshell.declaration import cmdlet, of, plain, switch
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.host import NobodyToAsk
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.screen import text_table
from calco.cloudshell.values import CREDENTIAL, Record, SecureString, Value


def _asked(call: Call, prompt: str, *, secret: bool = False) -> str:
    try:
        return call.shell.host.ask(prompt, secret=secret)
    except NobodyToAsk as nobody:
        raise Terminating(Fault(NON_INTERACTIVE, "InvalidOperation", "InvalidOperation")) from nobody


def _read(call: Call) -> Iterator[Value]:
    prompt = f"{text_table.plain(to_text(call.value('Prompt')))}: " if call.given("Prompt") else ""
    hidden = call.switch("AsSecureString") or call.switch("MaskInput")
    said = _asked(call, prompt, secret=hidden)
    yield SecureString(said) if call.switch("AsSecureString") else said


def _credential(call: Call) -> Iterator[Value]:
    given = call.value("Credential")
    if isinstance(given, Record):
        yield given
        return
    message = call.text("Message") or "Enter your credentials."
    title = call.text("Title") or "PowerShell credential request"
    call.shell.host.write("\n".join(("", title, text_table.plain(message))))
    user = call.text("UserName") or to_text(given) or _asked(call, "User: ")
    password = _asked(call, f"Password for user {text_table.plain(user)}: ", secret=True)
    yield Record.of(CREDENTIAL, {"UserName": user, "Password": SecureString(password)})


def _secure(call: Call) -> Iterator[Value]:
    if not call.switch("AsPlainText"):
        message = "A text that is not plain cannot be read here: give -AsPlainText with the text itself."
        raise Terminating(Fault(message, "ImportSecureString_InvalidArgument", "InvalidArgument"))
    yield SecureString(call.text("String"))


def _plain(call: Call) -> Iterator[Value]:
    held = call.value("SecureString")
    if not call.switch("AsPlainText"):
        message = "Secrets are not written down here, encrypted or not. To have the text itself, give -AsPlainText."
        raise Terminating(Fault(message, "NotSupported", "NotImplemented"))
    yield held.secret if isinstance(held, SecureString) else ""


def _clear(call: Call) -> list[Value]:
    call.shell.host.clear()
    return []


READ = cmdlet(
    "Read-Host",
    "Asks the person for a line.",
    _read,
    plain("Prompt", "What to ask.", 0, Kind.ANY),
    switch("AsSecureString", "Do not show it, and keep it secret."),
    switch("MaskInput", "Do not show it."),
    output="System.String",
    examples={"Ask for a name": "$name = Read-Host 'Name of the image'"},
)
ASK = cmdlet(
    "Get-Credential",
    "Asks the person for a user name and a password.",
    _credential,
    plain("Credential", "A credential, or a user name.", 0, Kind.ANY, sets="CredentialSet"),
    plain("UserName", "The user name; only the password is asked for.", sets="MessageSet"),
    plain("Message", "What to say.", sets="MessageSet"),
    plain("Title", "What to say above it.", sets="MessageSet"),
    default_set="CredentialSet",
    output=CREDENTIAL,
    examples={"The account of a new machine": "$cred = Get-Credential -UserName ada -Message 'New machine'"},
)
SECURE = cmdlet(
    "ConvertTo-SecureString",
    "Makes a text a secret.",
    _secure,
    plain("String", "The text.", 0, mandatory=True, from_pipeline=True),
    switch("AsPlainText", "It is the text itself."),
    switch("Force", "Taken for compatibility."),
    output="System.Security.SecureString",
    examples={"A password in a script": "$password = ConvertTo-SecureString $env:PASSWORD -AsPlainText -Force"},
)
PLAIN = cmdlet(
    "ConvertFrom-SecureString",
    "Gives the text of a secret.",
    _plain,
    plain("SecureString", "The secret.", 0, Kind.SECURE, mandatory=True, from_pipeline=True),
    switch("AsPlainText", "The text itself: the only way there is here."),
    output="System.String",
    examples={"See it": "ConvertFrom-SecureString $password -AsPlainText"},
)
CLEAR = cmdlet(
    "Clear-Host",
    "Clears the screen.",
    _clear,
    aliases="cls clear",
    examples={"Clear it": "cls"},
)

MODULE = Module((*of(UTILITY, READ), *of(SECURITY, ASK, SECURE, PLAIN), *of(CORE, CLEAR)))
