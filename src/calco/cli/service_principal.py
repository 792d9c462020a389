"""``calco sp``: programs, which sign in with a client id and a secret. The keys of the JSON are those of
``az ad sp create-for-rbac``, so that scripts read either."""

import typer

from calco.cli.common import DataDirOption, Form, FormOption, data_dir, show_one
from calco.cli.principal import (
    DaysOption,
    Name,
    RoleOption,
    ScopeOption,
    YesOption,
    create,
    delete,
    list_all,
    path,
    wishes,
)
from calco.model.document import Document, text_at

TYPE, WORD = "servicePrincipals", "service principal"

app = typer.Typer(help="Programs, which sign in with a secret.", no_args_is_help=True, rich_markup_mode=None)


@app.command(
    "create",
    epilog="Examples:\n\n  calco sp create ci --role Contributor -o json\n\n"
    "  calco sp create watcher --role Reader --scope /subscriptions/.../resourceGroups/lab --days 30",
)
def create_principal(
    name: Name,
    role: RoleOption = None,
    scope: ScopeOption = None,
    days: DaysOption = None,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Make a service principal and show its secret, once."""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    body = wishes(days, from_stdin=False)
    _show(form, create(client, TYPE, name, body, role=role, scope=scope))


@app.command("rotate", epilog="Examples:\n\n  calco sp rotate ci -o json\n\n  calco sp rotate ci --days 30")
def rotate_principal(
    name: Name,
    days: DaysOption = None,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Give a service principal a new secret; the old one, and tokens that were issued for it, end at once."""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    body = wishes(days, from_stdin=False)
    _show(form, client.change("POST", f"{path(client, TYPE, name)}/rotate", body, label=f"a new secret for {name}"))


@app.command("delete", epilog="Examples:\n\n  calco sp delete ci --yes")
def delete_principal(name: Name, yes: YesOption = False, data_dir_given: DataDirOption = None) -> None:
    """Delete a service principal and its role assignments; its tokens are nobody's at once."""
    from calco.cli.client import connect

    delete(connect(data_dir(data_dir_given)), TYPE, WORD, name, yes=yes)


@app.command("list", epilog="Examples:\n\n  calco sp list\n\n  calco sp list -o json")
def list_principals(form: FormOption = Form.TABLE, data_dir_given: DataDirOption = None) -> None:
    """List service principals, how long their secrets are good, and their roles."""
    from calco.cli.client import connect

    list_all(connect(data_dir(data_dir_given)), TYPE, form)


def _show(form: Form, made: Document) -> None:
    whole: Document = {
        "appId": text_at(made, "properties", "appId"),
        "displayName": text_at(made, "name"),
        "password": text_at(made, "properties", "password"),
        "tenant": text_at(made, "properties", "tenantId"),
        "objectId": text_at(made, "properties", "objectId"),
        "expiresOn": text_at(made, "properties", "secretExpiresOn"),
    }
    show_one(form, whole, whole)
