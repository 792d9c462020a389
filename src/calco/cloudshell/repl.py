"""The prompt: a line is typed, completed, carried out; Ctrl-C stops what runs and not the shell, Ctrl-D ends it.

Built on prompt_toolkit, which is loaded here and not before; the session itself is made while the first line is typed.
A text that is not whole goes on in the next line. What is typed while a line is being completed waits for that.
"""

import asyncio
import logging
import re
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_completions, has_focus, is_done
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPress
from prompt_toolkit.keys import Keys
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from calco.cloudshell.grammar.scan import Kind, Token, scan

if TYPE_CHECKING:
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document
    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.input import Input
    from prompt_toolkit.key_binding.key_processor import KeyPressEvent
    from prompt_toolkit.output import Output

    from calco.cloudshell.interactive import Interactive

T = TypeVar("T")
log = logging.getLogger(__name__)

WELCOME = "calco's Cloud Shell, a subset of PowerShell: Get-Command lists what there is, Get-Help NAME explains it."
PROMPT, CONTINUATION = "PS /> ", ">> "
SENSITIVE = re.compile(r"password|asplaintext|token|apikey|secret|accesskey|sig=", re.IGNORECASE)
"""Lines that are not kept. Source: PSReadLine keeps none with the first five."""
STYLE = Style.from_dict(
    {
        "command": "ansiyellow",
        "parameter": "ansibrightblack",
        "variable": "ansigreen",
        "string": "ansicyan",
        "comment": "ansigreen italic",
        "number": "ansiwhite",
    }
)
NUMBER = re.compile(r"\d[\w.]*")


def run(
    begin: "Callable[[], Interactive]",
    history: Path | None = None,
    *,
    input: "Input | None" = None,
    output: "Output | None" = None,
) -> int:
    """Ask and carry out until exit or Ctrl-D; the exit code. ``begin`` is called while the first line is being typed.
    ``history`` is a file that only its owner may read."""
    # Whoever started us may have had it ignored, as a service in the background does; nobody could stop anything then.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    shell = _Soon(begin)
    typed = _TypedAhead()
    prompt: PromptSession[str] = PromptSession(
        PROMPT,
        history=kept_history(history),
        completer=_Completer(shell, typed),
        complete_while_typing=False,
        lexer=_Lexer(),
        style=STYLE,
        multiline=True,
        prompt_continuation=lambda _width, _line, wrapped: "" if wrapped else CONTINUATION,
        key_bindings=_keys(shell, typed),
        input=input,
        output=output,
    )
    while True:
        typed.forget()
        try:
            text = prompt.prompt(pre_run=shell.start)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return 0
        left = shell().run(text)
        if left is not None:
            return left & 0xFF


def _in_thread(work: Callable[[], T]) -> Future[T]:
    """What comes of it. Nobody has to wait for the thread, not at the end of the process either."""
    outcome: Future[T] = Future()

    def run() -> None:
        outcome.set_running_or_notify_cancel()
        try:
            outcome.set_result(work())
        except Exception as failed:  # whoever asks for it gets it
            outcome.set_exception(failed)

    threading.Thread(target=run, daemon=True).start()
    return outcome


class _Soon:
    """What is made in the background, once, and waited for where it is needed."""

    def __init__(self, make: "Callable[[], Interactive]") -> None:
        self._make = make
        self._made: Future[Interactive] | None = None

    def start(self) -> None:
        if self._made is None:
            self._made = _in_thread(self._make)

    def __call__(self) -> "Interactive":
        """Raises what making it raised."""
        self.start()
        assert self._made is not None, "it was begun"
        return self._made.result()


class _TypedAhead:
    """What is typed while a line is being completed: it is meant for the completed line, so it waits until then."""

    def __init__(self) -> None:
        self.waits = False
        self._keys: list[KeyPress] = []

    def begin(self) -> None:
        self.waits = True

    def keep(self, typed: "list[KeyPress]") -> None:
        self._keys += typed

    def forget(self) -> None:
        self.waits = False
        self._keys.clear()

    def release(self) -> None:
        """In the prompt's event loop, when the line is completed."""
        kept = list(self._keys)
        self.forget()
        processor = get_app().key_processor
        processor.feed_multiple(kept)
        processor.process_keys()


def _keys(shell: _Soon, typed: _TypedAhead) -> KeyBindings:
    keys = KeyBindings()
    waits = Condition(lambda: typed.waits)

    @keys.add("tab", filter=~has_completions & has_focus(DEFAULT_BUFFER))
    def _complete(event: "KeyPressEvent") -> None:
        typed.begin()
        event.current_buffer.start_completion(insert_common_part=True)

    @keys.add(Keys.Any, filter=waits, eager=True)
    def _keep(event: "KeyPressEvent") -> None:
        typed.keep(event.key_sequence)

    @keys.add("c-c", filter=waits, eager=True)
    @keys.add(Keys.SIGINT, filter=waits, eager=True)
    def _stop(event: "KeyPressEvent") -> None:
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    @keys.add("enter", filter=~is_done & ~has_completions)
    def _enter(event: "KeyPressEvent") -> None:
        buffer = event.current_buffer
        if buffer.text.strip() and not buffer.text.endswith("\n\n") and shell().is_incomplete(buffer.text):
            buffer.cursor_position = len(buffer.text)
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("enter", filter=has_completions)
    def _choose(event: "KeyPressEvent") -> None:
        event.current_buffer.complete_state = None

    return keys


# --- history ---------------------------------------------------------------------------------------------------------


def kept_history(file: Path | None) -> History:
    if file is None:
        return InMemoryHistory()
    try:
        file.touch(0o600)
        file.chmod(0o600)
    except OSError:
        return InMemoryHistory()
    return _Kept(str(file))


class _Kept(FileHistory):
    """Without what is likely to hold a secret."""

    def store_string(self, string: str) -> None:
        if not SENSITIVE.search(string):
            super().store_string(string)


# --- completion and colours ------------------------------------------------------------------------------------------


class _Completer(Completer):
    """Looks in a thread, which nobody waits for who has had enough."""

    def __init__(self, shell: _Soon, typed: _TypedAhead) -> None:
        self._shell = shell
        self._typed = typed

    def get_completions(self, document: "Document", complete_event: "CompleteEvent") -> Iterable[Completion]:  # noqa: ARG002
        for text, start, description in self._shell().complete(document.text, document.cursor_position):
            yield Completion(text, start - document.cursor_position, display_meta=description)

    async def get_completions_async(
        self, document: "Document", complete_event: "CompleteEvent"
    ) -> AsyncGenerator[Completion, None]:
        loop = asyncio.get_running_loop()
        try:
            for each in await asyncio.wrap_future(_in_thread(lambda: self._found(document, complete_event))):
                yield each
        finally:
            loop.call_soon(self._typed.release)  # behind prompt_toolkit, which now completes the line

    def _found(self, document: "Document", complete_event: "CompleteEvent") -> list[Completion]:
        try:
            return list(self.get_completions(document, complete_event))
        except Exception:  # a line that cannot be completed stays as it is
            log.exception("completing a line")
            return []


class _Lexer(Lexer):
    def lex_document(self, document: "Document") -> "Callable[[int], StyleAndTextTuples]":
        lines = _coloured(document.text)
        return lambda number: lines[number] if number < len(lines) else []


def _coloured(text: str) -> "list[StyleAndTextTuples]":
    """Each line as pairs of style and text."""
    styles = [""] * len(text)
    scanned = scan(text)
    before: Token | None = None
    for token in scanned.tokens:
        styles[token.start : token.end] = [_style(token, before)] * (token.end - token.start)
        before = token
    for opened in scanned.open:
        if opened.what in {'"', "'", '@"', "@'"}:
            styles[opened.at :] = ["class:string"] * (len(text) - opened.at)
            break
    lines: list[StyleAndTextTuples] = [[]]
    for char, style in zip(text, styles, strict=True):
        if char == "\n":
            lines.append([])
        else:
            lines[-1].append((style, char))
    return lines


STYLES = {
    Kind.STRING: "class:string",
    Kind.HERE: "class:string",
    Kind.COMMENT: "class:comment",
    Kind.VARIABLE: "class:variable",
}


def _style(token: Token, before: Token | None) -> str:
    if token.kind is not Kind.WORD:
        return STYLES.get(token.kind, "")
    if NUMBER.fullmatch(token.text):
        return "class:number"
    if token.text.startswith("-"):
        return "class:parameter"
    first = before is None or before.kind in {Kind.BREAK, Kind.OPEN} or before.text in {"|", ";", "=", "&"}
    return "class:command" if first else ""
