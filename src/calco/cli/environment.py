"""``calco env``: what Azure's unmodified clients read from the environment."""

import json
import shlex
from typing import Annotated

import typer

from calco.cli.common import DataDirOption, Failure, data_dir, note
from calco.data_dir import DataDir
from calco.settings import load

EXAMPLES = """
Examples:

  eval "$(calco env)"

  calco env --shell powershell | Out-String | Invoke-Expression

  calco env --shell json
"""

SHELLS = ("sh", "fish", "powershell", "json")


def env(
    shell: Annotated[str, typer.Option("--shell", metavar="|".join(SHELLS), help="Whose language to speak.")] = "sh",
    data_dir_given: DataDirOption = None,
) -> None:
    """Print the variables that let Azure's clients find this service, as commands for a shell to evaluate."""
    if shell not in SHELLS:
        raise Failure(f"{shell!r} is no shell known here", f"Known are {', '.join(SHELLS)}.")
    data = data_dir(data_dir_given)
    print(spell(variables(data), shell))
    if data.running() is None:
        note(f"calco: no service runs on {data.root} now; start it with: calco up --detach --data-dir {data.root}")


def variables(data: DataDir) -> dict[str, str]:
    """The variables by name. Raises Failure when this data directory has never been used."""
    from calco.identity import principals

    try:
        known, secret = principals.read(data.secrets), principals.read_secret(data.secrets)
    except FileNotFoundError as never:
        raise Failure(
            f"no calco has run on {data.root} yet", f"Start it: calco up --detach --data-dir {data.root}"
        ) from never
    except (OSError, ValueError) as unreadable:
        raise Failure(str(unreadable)) from unreadable
    running = data.running()
    url = running.url if running else f"https://localhost:{load({'data_dir': str(data.root)}).port}"
    bundle, authority = str(data.certificates / "ca-bundle.pem"), str(data.certificates / "ca.pem")
    blobs = {"CALCO_BLOB_ENDPOINT": running.blob_url} if running and running.blob_url else {}
    return {
        "CALCO_ENDPOINT": url,
        **blobs,
        "AZURE_TENANT_ID": known.tenant_id,
        "AZURE_CLIENT_ID": known.client_id,
        "AZURE_CLIENT_SECRET": secret,
        "AZURE_SUBSCRIPTION_ID": known.subscription_id,
        # AD FS's style: with Entra's, clients ask a server on the internet first whether this one is to be trusted.
        "AZURE_AUTHORITY_HOST": f"{url}/adfs",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "NODE_EXTRA_CA_CERTS": authority,
    }


def spell(values: dict[str, str], shell: str) -> str:
    """The variables in a shell's language."""
    if shell == "json":
        return json.dumps(values, indent=2)
    if shell == "powershell":
        return "\n".join(f"$env:{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items())
    verb, sign = ("set -gx", " ") if shell == "fish" else ("export", "=")
    return "\n".join(f"{verb} {name}{sign}{shlex.quote(value)}" for name, value in values.items())
