"""Signed URLs to the bytes of a disk or a snapshot: given and taken back, the same for both."""

from collections.abc import Iterable

from calco.cloudshell.az.answer import change
from calco.cloudshell.az.declaration import Takes, cmdlet, mandatory, optional
from calco.cloudshell.az.noun import STATUS, Noun, list_view, status
from calco.cloudshell.az.record import read
from calco.cloudshell.az.shapes_disk import DISK
from calco.cloudshell.cmdlet import Call, Cmdlet
from calco.cloudshell.values import Value
from calco.model.document import Document

URI = DISK["PSAccessUri"]
VIEW = list_view(URI)


def cmdlets(noun: Noun, word: str, *, writable: bool) -> tuple[Cmdlet, Cmdlet]:
    """Grant-Az{word}Access and Revoke-Az{word}Access."""

    def grant(call: Call) -> Iterable[Value]:
        name = call.text(noun.name)
        body: Document = {"access": call.text("Access")}
        seconds = call.number("DurationInSecond")
        if seconds is not None:
            body["durationInSeconds"] = seconds
        if call.should(name, "Grant"):
            ended = change(call, f"Grant-Az{word}Access {name}", "POST", f"{noun.path(call)}/beginGetAccess", body)
            yield read(URI, ended.document)

    def revoke(call: Call) -> Iterable[Value]:
        name = call.text(noun.name)
        if call.should(name, "Revoke"):
            yield status(change(call, f"Revoke-Az{word}Access {name}", "POST", f"{noun.path(call)}/endGetAccess"))

    asked = f"-ResourceGroupName lab -{noun.name} {noun.called}1"
    return (
        cmdlet(
            f"Grant-Az{word}Access",
            f"Gives a signed URL to the bytes of a {noun.called}.",
            grant,
            *noun.named(),
            mandatory("Access", "What the URL is good for.", 2, choices="Read Write" if writable else "Read"),
            optional("DurationInSecond", "For how many seconds it is good.", 3, Takes.INT),
            output=URI.type,
            confirms=True,
            as_job=True,
            examples={
                "A URL to read it for an hour.": f"Grant-Az{word}Access {asked} -Access Read -DurationInSecond 3600"
            },
        ),
        cmdlet(
            f"Revoke-Az{word}Access",
            f"Takes back the signed URL to the bytes of a {noun.called}.",
            revoke,
            *noun.named(),
            output=STATUS,
            confirms=True,
            as_job=True,
            examples={"The URL is good for nothing any more.": f"Revoke-Az{word}Access {asked}"},
        ),
    )
