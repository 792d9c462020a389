"""The world of a Cloud Shell in tests: a host that writes down what it is told, time and chance that a test owns, and
an API that answers from documents and from what a test scripted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import import_module

from calco.cloudshell.api import Ended, Refused
from calco.cloudshell.catalogue import Listed
from calco.cloudshell.cmdlet import Commands, Told
from calco.cloudshell.errors import Exit, Fault, Terminating
from calco.cloudshell.evaluator.evaluate import Interpreter
from calco.cloudshell.grammar.parse import parse
from calco.cloudshell.host import NobodyToAsk
from calco.cloudshell.values import Record, Value
from calco.model.document import Document, Json

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-0000000000aa"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Recorder:
    """A host: everything it is told, in order, and by kind. ``answers`` are what its person says, first one first."""

    width: int = 120
    answers: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    errors: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    verboses: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    progresses: list[tuple[str, str, int | None]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    asked: list[tuple[str, bool]] = field(default_factory=list)
    cleared: int = 0

    def write(self, text: str, *, colour: str = "", end: str = "\n") -> None:
        self.written.append(text + end)
        self.colours.append(colour)

    def clear(self) -> None:
        self.cleared += 1

    def error(self, fault: Fault) -> None:
        self.errors.append(fault)

    def warning(self, text: str) -> None:
        self.warnings.append(text)

    def verbose(self, text: str) -> None:
        self.verboses.append(text)

    def progress(self, activity: str, status: str, percent: int | None) -> None:
        self.progresses.append((activity, status, percent))

    def done(self, activity: str) -> None:
        self.finished.append(activity)

    def ask(self, prompt: str, *, secret: bool = False) -> str:
        self.asked.append((prompt, secret))
        if not self.answers:
            raise NobodyToAsk
        return self.answers.pop(0)

    @property
    def text(self) -> str:
        """All that was written, as a screen without colours shows it."""
        return "".join(self.written)

    @property
    def messages(self) -> list[str]:
        """What the errors said, first one first."""
        return [fault.message for fault in self.errors]


@dataclass
class StillClock:
    """Noon of 23 November 2026, until ``sleep`` passes time; it takes none."""

    moment: datetime = NOON
    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        self.moment += timedelta(seconds=seconds)


@dataclass
class Counting:
    """Chance that counts: the first GUID ends in 1, the second in 2."""

    given: int = 0

    def guid(self) -> str:
        self.given += 1
        return f"00000000-0000-4000-8000-{self.given:012x}"

    def token(self, bytes: int) -> str:
        self.given += 1
        return f"token{self.given:0{max(1, bytes)}d}"


def done(document: Document, *, warnings: tuple[str, ...] = ()) -> Ended:
    """How a change ended, in the fake: at once, in the test's own time."""
    return Ended(
        document,
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:01Z",
        "11111111-1111-4111-8111-111111111111",
        warnings=warnings,
    )


@dataclass(frozen=True)
class Asked:
    """One request that reached the API."""

    method: str
    path: str
    body: Json = None
    query: Mapping[str, str] = field(default_factory=dict)
    wait: bool = True


Answer = Document | Refused | Callable[[Asked], Document]


def not_found(path: str) -> Refused:
    kind, name = ("/".join(path.rstrip("/").split("/")[-3:-1]), path.rstrip("/").split("/")[-1])
    return Refused(404, "ResourceNotFound", f"The Resource '{kind}/{name}' was not found.")


@dataclass
class FakeApi:
    """An API over ``documents`` by path (compared without case). A PUT or PATCH writes there, a DELETE takes away, a
    list gives what lies under the path; ``answers`` by (method, path) go first, and may refuse or say anything.
    ``asked`` holds every request, in order."""

    documents: dict[str, Document] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    subscription_id: str = SUBSCRIPTION
    tenant_id: str = TENANT
    account: str = "ada@example.com"
    environment: str = "calco"

    def put(self, path: str, document: Document) -> None:
        """A resource that is there before the test begins."""
        self.documents[path.lower()] = {"id": path, "name": path.rsplit("/", 1)[-1], **document}

    def when(self, method: str, path: str, answer: Answer) -> None:
        self.answers[method, path.lower()] = answer

    def changes(self) -> list[tuple[str, str]]:
        """Method and path of all that was not a question."""
        return [(each.method, each.path) for each in self.asked if each.method not in ("GET", "LIST")]

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Document:
        found = self._scripted(Asked("GET", path, query=query or {}))
        if found is None:
            found = self.documents.get(path.lower())
        if found is None:
            raise not_found(path)
        return found

    def find(self, path: str, query: Mapping[str, str] | None = None) -> Document | None:
        try:
            return self.get(path, query)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def list(self, path: str, query: Mapping[str, str] | None = None) -> list[Document]:
        said = self._scripted(Asked("LIST", path, query=query or {}))
        if said is not None:
            values = said.get("value")
            return [each for each in values if isinstance(each, dict)] if isinstance(values, list) else []
        return [document for key, document in self.documents.items() if _lies_in(key, path.lower())]

    def change(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        query: Mapping[str, str] | None = None,
        wait: bool = True,
        step: Callable[[str, int | None], None] | None = None,
    ) -> Ended:
        said = self._scripted(Asked(method, path, body, query or {}, wait))
        if step is not None:
            step("Succeeded", 100)
        if said is not None:
            return done(said)
        if method == "DELETE":
            self.documents.pop(path.lower(), None)
            return done({})
        if method in ("PUT", "PATCH") and isinstance(body, dict):
            known = self.documents.get(path.lower(), {}) if method == "PATCH" else {}
            self.put(path, {**known, **body})
            return done(self.documents[path.lower()])
        if method == "POST" and path.lower().rsplit("/", 1)[0] not in self.documents:
            raise not_found(path.rsplit("/", 1)[0])
        return done({})

    def _scripted(self, asked: Asked) -> Document | None:
        self.asked.append(asked)
        answer = self.answers.get((asked.method, asked.path.lower()))
        if isinstance(answer, Refused):
            raise answer
        return answer(asked) if callable(answer) else answer


def _lies_in(key: str, path: str) -> bool:
    """A list at a type's path: ".../resourceGroups/g/providers/T" lists "T/x" of the group, a subscription's lists all
    groups' ("/subscriptions/s/providers/T")."""
    if key.rpartition("/")[0] == path:
        return True
    scope, provided, kind = path.partition("/providers/")
    return bool(provided) and key.startswith(scope + "/") and key.rpartition("/")[0].endswith("/providers/" + kind)


BUILTIN = (
    "command",
    "for_each_object",
    "get_member",
    "measure_object",
    "out",
    "select_object",
    "sort_object",
    "time",
    "where_object",
    "write",
)
"""The builtin modules that tests of the language use: none of them asks the API."""


@lru_cache
def language_commands() -> Listed:
    return Listed(import_module(f"calco.cloudshell.builtin.{name}").MODULE for name in BUILTIN)


@dataclass(frozen=True)
class Ran:
    """What became of a text: its output, what people were told, and what ended it (a Terminating's message)."""

    output: list[Value]
    errors: list[str]
    written: str
    ended: str = ""
    code: int | None = None


@dataclass
class Session:
    """A session with everything around it in a test's hands; variables stay from one ``run`` to the next."""

    host: Recorder = field(default_factory=Recorder)
    clock: StillClock = field(default_factory=StillClock)
    chance: Counting = field(default_factory=Counting)
    api: FakeApi = field(default_factory=FakeApi)
    environment: dict[str, str] = field(default_factory=lambda: {"HOME": "/home/ada", "USER": "ada"})
    budget: int | None = 100_000
    commands: Commands = field(default_factory=language_commands)

    def __post_init__(self) -> None:
        self.interpreter = Interpreter(
            self.host,
            clock=self.clock,
            chance=self.chance,
            commands=self.commands,
            jobs=NoJobs(),
            api=lambda: self.api,
            environment=self.environment,
            sleep=self.clock.sleep,
            budget=self.budget,
        )

    def run(self, source: str, *arguments: Value) -> Ran:
        """Raises NotParsed as the parser does."""
        self.host.errors.clear()
        self.host.written.clear()
        output: list[Value] = []
        ended, code = "", None
        try:
            output.extend(self.interpreter.run(parse(source), arguments))
        except Terminating as error:
            ended = error.fault.message
        except Exit as left:
            code = left.code
        return Ran(output, self.host.messages, self.host.text, ended, code)


class NoJobs:
    """For tests that start none."""

    def start(self, name: str, command: str, work: Callable[[], Iterable[Value]], told: Sequence[Told] = ()) -> Record:
        raise AssertionError(f"a test without jobs started one: {name}, {command}, {work}, {told}")

    def all(self) -> list[Record]:
        return []

    def remove(self, record: Record) -> None:
        raise AssertionError(f"a test without jobs removed one: {record}")
