"""What a script means: the tree that is evaluated, free of the grammar's own shapes.

Every node knows the ``Place`` where it stands in the source, for messages. Names keep the case they were written in;
they are compared without it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """``line`` and ``column`` from 1; ``text`` is that line of the source, for a message that points at it."""

    line: int
    column: int
    text: str = field(default="", repr=False)


BEFORE = Place(0, 0)
"""Before the first line: what a script was given is written in none of them."""


# --- expressions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Literal:
    """A number, a verbatim string, or a bare word that is an argument."""

    at: Place
    value: int | float | str


@dataclass(frozen=True)
class Text:
    """An expandable string; its parts are joined."""

    at: Place
    parts: "tuple[str | Expression, ...]"


@dataclass(frozen=True)
class Variable:
    """``space`` is what stands before the colon ("env", "script", "global", "local"), in lower case, or empty."""

    at: Place
    name: str
    space: str = ""


@dataclass(frozen=True)
class TypeName:
    """``[int]``, ``[string[]]``: ``name`` as written between the brackets."""

    at: Place
    name: str


@dataclass(frozen=True)
class Member:
    """``static``: by ``::``, of a type."""

    at: Place
    of: "Expression"
    name: "str | Expression"
    static: bool = False


@dataclass(frozen=True)
class Invocation:
    """A method's call."""

    at: Place
    of: "Expression"
    name: "str | Expression"
    arguments: "tuple[Expression, ...]"
    static: bool = False


@dataclass(frozen=True)
class Index:
    at: Place
    of: "Expression"
    by: "Expression"


@dataclass(frozen=True)
class Cast:
    """``[type]`` before an expression; on the left of an assignment it constrains the variable."""

    at: Place
    type: str
    of: "Expression"


@dataclass(frozen=True)
class Unary:
    """``operator`` in lower case: - + ! -not -bnot -join -split , (the comma makes an array of one)."""

    at: Place
    operator: str
    of: "Expression"


@dataclass(frozen=True)
class Binary:
    """``operator`` in lower case: + - * / % .. -eq -ceq -f -and -join ..."""

    at: Place
    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True)
class Step:
    """``++`` or ``--``. ``before``: the new value is the expression's."""

    at: Place
    target: "Expression"
    operator: str
    before: bool


@dataclass(frozen=True)
class Array:
    """Elements joined by commas."""

    at: Place
    items: "tuple[Expression, ...]"


@dataclass(frozen=True)
class ArrayExpression:
    """``@( ... )``: whatever the statements put out, as an array."""

    at: Place
    body: "tuple[Statement, ...]"


@dataclass(frozen=True)
class SubExpression:
    """``$( ... )``: what the statements put out; one object stays one."""

    at: Place
    body: "tuple[Statement, ...]"


@dataclass(frozen=True)
class Paren:
    """``( ... )`` around a pipeline or an assignment (which then has its value)."""

    at: Place
    body: "Statement"


@dataclass(frozen=True)
class Hash:
    at: Place
    entries: "tuple[tuple[Expression, Statement], ...]"


@dataclass(frozen=True)
class Block:
    """A script block as a value, and the body of a function. A body without named blocks is its ``end``. ``advanced``:
    it has [CmdletBinding()] or a [Parameter()], so that it takes the common parameters, and what no parameter takes is
    an error; ``confirms``: with SupportsShouldProcess, so that it has -WhatIf and -Confirm."""

    at: Place
    text: str
    parameters: "tuple[Formal, ...]" = ()
    begin: "tuple[Statement, ...]" = ()
    process: "tuple[Statement, ...]" = ()
    end: "tuple[Statement, ...]" = ()
    advanced: bool = False
    confirms: bool = False


@dataclass(frozen=True)
class Formal:
    """A parameter of a function. ``type`` empty: any. ``advances``: it has a [Parameter()]. ``mandatory``,
    ``position``, ``from_pipeline``, ``from_name``, ``choices``, ``filled``, ``range`` and ``pattern`` are of its
    attributes ([Parameter(...)], [ValidateSet(...)], [Alias(...)], [ValidateNotNullOrEmpty()], [ValidateRange(...)],
    [ValidatePattern(...)])."""

    at: Place
    name: str
    type: str = ""
    default: "Expression | None" = None
    advances: bool = False
    mandatory: bool = False
    position: int | None = None
    from_pipeline: bool = False
    from_name: bool = False
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    filled: bool = False
    range: tuple[float, float] | None = None
    pattern: str = ""


Expression = (
    Literal
    | Text
    | Variable
    | TypeName
    | Member
    | Invocation
    | Index
    | Cast
    | Unary
    | Binary
    | Step
    | Array
    | ArrayExpression
    | SubExpression
    | Paren
    | Hash
    | Block
)

# --- commands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Argument:
    """A value by position."""

    at: Place
    value: Expression


@dataclass(frozen=True)
class Named:
    """``-Name``; ``value`` only when a colon binds it (``-Force:$false``): otherwise the next argument may be its."""

    at: Place
    name: str
    value: Expression | None = None


@dataclass(frozen=True)
class Splat:
    """``@variable``: a hashtable gives named arguments, an array gives positions."""

    at: Place
    name: str


@dataclass(frozen=True)
class Redirection:
    """``source``: "1" to "6" or "*". ``target``: a name of ``$null``'s kind, or "&1"."""

    at: Place
    source: str
    target: Expression | str


@dataclass(frozen=True)
class Command:
    """``invoked``: "" for a plain name, "&" or "." before a name or a block."""

    at: Place
    name: Expression
    arguments: tuple[Argument | Named | Splat, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    invoked: str = ""


# --- statements ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pipeline:
    """The first element may be an expression, the others are commands."""

    at: Place
    elements: tuple[Expression | Command, ...]


@dataclass(frozen=True)
class Assignment:
    """``operator``: = += -= *= /= %=. ``target`` an Array: one variable each."""

    at: Place
    target: Expression
    operator: str
    value: "Statement"


@dataclass(frozen=True)
class If:
    at: Place
    branches: "tuple[tuple[Statement, tuple[Statement, ...]], ...]"
    otherwise: "tuple[Statement, ...]" = ()


@dataclass(frozen=True)
class ForEach:
    at: Place
    variable: Variable
    over: "Statement"
    body: "tuple[Statement, ...]"
    label: str = ""


@dataclass(frozen=True)
class For:
    at: Place
    first: "Statement | None"
    condition: "Statement | None"
    step: "Statement | None"
    body: "tuple[Statement, ...]"
    label: str = ""


@dataclass(frozen=True)
class While:
    """``first``: the body runs before the condition is asked (do). ``until``: on while the condition is false."""

    at: Place
    condition: "Statement"
    body: "tuple[Statement, ...]"
    first: bool = False
    until: bool = False
    label: str = ""


@dataclass(frozen=True)
class Switch:
    """``cases``: a condition of None is ``default``. ``match``: "" exact, "wildcard" or "regex"."""

    at: Place
    over: "Statement"
    cases: "tuple[tuple[Expression | None, tuple[Statement, ...]], ...]"
    match: str = ""
    case_sensitive: bool = False
    label: str = ""


@dataclass(frozen=True)
class Function:
    at: Place
    name: str
    body: Block


@dataclass(frozen=True)
class Catch:
    """``types`` empty: any error."""

    at: Place
    types: tuple[str, ...]
    body: "tuple[Statement, ...]"


@dataclass(frozen=True)
class Try:
    at: Place
    body: "tuple[Statement, ...]"
    catches: tuple[Catch, ...]
    last: "tuple[Statement, ...]" = ()


@dataclass(frozen=True)
class Flow:
    """``word``: return, throw, break, continue, exit. ``value`` of return, throw and exit."""

    at: Place
    word: str
    value: "Statement | None" = None
    label: str = ""


Statement = Pipeline | Assignment | If | ForEach | For | While | Switch | Function | Try | Flow


@dataclass(frozen=True)
class Script:
    """What ``parse`` gives; ``body.parameters`` are those of a script file."""

    body: Block
