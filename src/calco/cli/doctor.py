"""``calco doctor``: what this machine can do for calco, and the commands that mend what it cannot."""

from dataclasses import asdict
from typing import Annotated

import typer

from calco.cli.common import DataDirOption, Form, FormOption, data_dir, plain, show
from calco.model.document import Document

EXAMPLES = """
Examples:

  calco doctor

  calco doctor -o json
"""


def doctor(
    form: FormOption = Form.TABLE,
    all_checks: Annotated[bool, typer.Option("--all", help="Show what is fine, too, in the table.")] = True,
    data_dir_given: DataDirOption = None,
) -> None:
    """Look at this machine: what is missing, what that costs, and the command that mends it.

    Exit status 1 when something is missing that calco cannot do without.
    """
    from calco.doctor import Verdict, examine

    checks = list(examine(data_dir(data_dir_given).root))
    documents: list[Document] = [{**asdict(check), "verdict": check.verdict.value} for check in checks]
    shown = [each for each in documents if all_checks or each["verdict"] != Verdict.FINE.value]
    show(form, {"name": "WHAT", "verdict": "", "seen": "SEEN"}, shown, list(documents))
    if form is Form.TABLE:
        for check in checks:
            if check.verdict is not Verdict.FINE:
                print(f"\n{plain(check.name)}: {plain(check.cost)}")
                print(f"  mend: {check.mend or 'nothing is known to help'}")
            elif check.mend:
                print(f"\n{plain(check.name)}: better with: {check.mend}")
    if any(check.verdict is Verdict.MISSING for check in checks):
        raise typer.Exit(1)
