"""``calco user``: people, who sign in with a name and a password."""

import typer

from calco.cli.common import DataDirOption, Form, FormOption, data_dir, note, show_one
from calco.cli.principal import (
    DaysOption,
    Name,
    PasswordOption,
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

TYPE, WORD = "users", "user"

app = typer.Typer(help="People, who sign in with a name and a password.", no_args_is_help=True, rich_markup_mode=None)


@app.command(
    "create",
    epilog="Examples:\n\n  calco user create ana --role Contributor\n\n"
    "  calco user create ana@example.org --password-stdin < password",
)
def create_user(
    name: Name,
    role: RoleOption = None,
    scope: ScopeOption = None,
    days: DaysOption = None,
    password_stdin: PasswordOption = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Make a user and show the password, once. Without a role a user may sign in and see nothing."""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    made = create(client, TYPE, name, wishes(days, from_stdin=password_stdin), role=role, scope=scope)
    _show(form, made)
    if role is None:
        id = text_at(made, "properties", "objectId")
        given = f"--assignee-object-id {id} --assignee-principal-type User --role Reader --scope ID"
        note(f"{name} may do nothing yet: calco az -- role assignment create {given}")


@app.command("rotate", epilog="Examples:\n\n  calco user rotate ana\n\n  calco user rotate ana --days 30 -o json")
def rotate_user(
    name: Name,
    days: DaysOption = None,
    password_stdin: PasswordOption = False,
    form: FormOption = Form.TABLE,
    data_dir_given: DataDirOption = None,
) -> None:
    """Give a user a new password; the old one, and whatever was signed in with it, ends at once."""
    from calco.cli.client import connect

    client = connect(data_dir(data_dir_given))
    body = wishes(days, from_stdin=password_stdin)
    _show(form, client.change("POST", f"{path(client, TYPE, name)}/rotate", body, label=f"a new password for {name}"))


@app.command("delete", epilog="Examples:\n\n  calco user delete ana --yes")
def delete_user(name: Name, yes: YesOption = False, data_dir_given: DataDirOption = None) -> None:
    """Delete a user and the user's role assignments; whoever is signed in so is nobody at once."""
    from calco.cli.client import connect

    delete(connect(data_dir(data_dir_given)), TYPE, WORD, name, yes=yes)


@app.command("list", epilog="Examples:\n\n  calco user list\n\n  calco user list -o json")
def list_users(form: FormOption = Form.TABLE, data_dir_given: DataDirOption = None) -> None:
    """List users, how long their passwords are good, and their roles."""
    from calco.cli.client import connect

    list_all(connect(data_dir(data_dir_given)), TYPE, form)


def _show(form: Form, made: Document) -> None:
    whole: Document = {
        "userPrincipalName": text_at(made, "name"),
        "password": text_at(made, "properties", "password"),
        "tenant": text_at(made, "properties", "tenantId"),
        "objectId": text_at(made, "properties", "objectId"),
        "expiresOn": text_at(made, "properties", "secretExpiresOn"),
    }
    show_one(form, whole, whole)
