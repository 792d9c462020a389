"""Read-Host, Get-Credential and the secrets that a person types; Clear-Host.

Source: Microsoft Learn, Read-Host, Get-Credential, ConvertTo-SecureString, ConvertFrom-SecureString, Clear-Host.
"""

from collections.abc import Iterator

from calco.cloudshell.binder.invocation import NON_INTERACTIVE
from calco.cloudshell.cmdlet import CORE, SECURITY, UTILITY, Call, Cmdlet, Example, Kind, Module, Parameter
from calco.cloudshell.errors import Fault, Terminating
from calco.cloudshell.host import NobodyToAsk
from calco.cloudshell.objects.text import to_text
from calco.cloudshell.screen.text_table import plain
from calco.cloudshell.values import CREDENTIAL, Record, SecureString, Value


def _asked(call: Call, prompt: str, *, secret: bool = False) -> str:
    try:
        return call.shell.host.ask(prompt, secret=secret)
    except NobodyToAsk as nobody:
        raise Terminating(Fault(NON_INTERACTIVE, "InvalidOperation", "InvalidOperation")) from nobody


def _read(call: Call) -> Iterator[Value]:
    prompt = f"{plain(to_text(call.value('Prompt')))}: " if call.given("Prompt") else ""
    hidden = call.switch("AsSecureString") or call.switch("MaskInput")
    said = _asked(call, prompt, secret=hidden)
    yield SecureString(said) if call.switch("AsSecureString") else said


def _credential(call: Call) -> Iterator[Value]:
    given = call.value("Credential")
    if isinstance(given, Record):
        yield given
        return
    message = call.text("Message") or "Enter your credentials."
    call.shell.host.write("\n".join(("", call.text("Title") or "PowerShell credential request", plain(message))))
    user = call.text("UserName") or to_text(given) or _asked(call, "User: ")
    password = _asked(call, f"Password for user {plain(user)}: ", secret=True)
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


READ = Cmdlet(
    "Read-Host",
    "Asks the person for a line.",
    _read,
    parameters=(
        Parameter("Prompt", Kind.ANY, "What to ask.", position=0),
        Parameter("AsSecureString", Kind.SWITCH, "Do not show it, and keep it secret."),
        Parameter("MaskInput", Kind.SWITCH, "Do not show it."),
    ),
    module=UTILITY,
    output="System.String",
    examples=(Example("Ask for a name", "$name = Read-Host 'Name of the image'"),),
)
ASK = Cmdlet(
    "Get-Credential",
    "Asks the person for a user name and a password.",
    _credential,
    parameters=(
        Parameter("Credential", Kind.ANY, "A credential, or a user name.", ("CredentialSet",), position=0),
        Parameter("UserName", help="The user name; only the password is asked for.", sets=("MessageSet",)),
        Parameter("Message", help="What to say.", sets=("MessageSet",)),
        Parameter("Title", help="What to say above it.", sets=("MessageSet",)),
    ),
    default_set="CredentialSet",
    module=SECURITY,
    output=CREDENTIAL,
    examples=(Example("The account of a new machine", "$cred = Get-Credential -UserName ada -Message 'New machine'"),),
)
SECURE = Cmdlet(
    "ConvertTo-SecureString",
    "Makes a text a secret.",
    _secure,
    parameters=(
        Parameter("String", Kind.STRING, "The text.", mandatory=True, position=0, from_pipeline=True),
        Parameter("AsPlainText", Kind.SWITCH, "It is the text itself."),
        Parameter("Force", Kind.SWITCH, "Taken for compatibility."),
    ),
    module=SECURITY,
    output="System.Security.SecureString",
    examples=(
        Example("A password in a script", "$password = ConvertTo-SecureString $env:PASSWORD -AsPlainText -Force"),
    ),
)
PLAIN = Cmdlet(
    "ConvertFrom-SecureString",
    "Gives the text of a secret.",
    _plain,
    parameters=(
        Parameter("SecureString", Kind.SECURE, "The secret.", mandatory=True, position=0, from_pipeline=True),
        Parameter("AsPlainText", Kind.SWITCH, "The text itself: the only way there is here."),
    ),
    module=SECURITY,
    output="System.String",
    examples=(Example("See it", "ConvertFrom-SecureString $password -AsPlainText"),),
)
CLEAR = Cmdlet(
    "Clear-Host",
    "Clears the screen.",
    _clear,
    aliases=("cls", "clear"),
    module=CORE,
    examples=(Example("Clear it", "cls"),),
)

MODULE = Module((READ, ASK, SECURE, PLAIN, CLEAR))
