"""``calco doctor``: what this machine can do for calco, and the commands that mend what it cannot."""

from dataclasses import asdict

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
    data_dir_given: DataDirOption = None,
) -> None:
    """Look at this machine: what is missing, what that costs, and the command that mends it.

    Exit status 1 when something is missing that calco cannot do without.
    """
    from calco.doctor import Verdict, examine

    checks = list(examine(data_dir(data_dir_given).root))
    documents: list[Document] = [{**asdict(check), "verdict": check.verdict.value} for check in checks]
    show(form, {"name": "WHAT", "verdict": "", "seen": "SEEN"}, documents, list(documents))
    if form is Form.TABLE:
        for check in checks:
            if check.verdict is not Verdict.FINE:
                print(f"\n{plain(check.name)}: {plain(check.cost)}")
                print(f"  mend: {check.mend or 'nothing is known to help'}")
            elif check.mend:
                print(f"\n{plain(check.name)}: better with: {check.mend}")
    if any(check.verdict is Verdict.MISSING for check in checks):
        raise typer.Exit(1)
