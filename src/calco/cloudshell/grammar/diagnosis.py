"""Why a text is no script: the sentence that PowerShell would say of the first thing that is wrong with it.

The grammar says that something is wrong and roughly where. What is wrong is found in the text's words and brackets,
first what was opened and never closed, then what stands where nothing like it may, and else the grammar's own place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tree_sitter import Node

from calco.cloudshell.errors import NotParsed, unsupported
from calco.cloudshell.grammar import complaint
from calco.cloudshell.grammar.lower import WRAPPERS, parts
from calco.cloudshell.grammar.lower_expression import EXPRESSIONS
from calco.cloudshell.grammar.scan import DOUBLE, SINGLE, Kind, Open, Scan, Token, closing, starts_statement
from calco.cloudshell.grammar.source import Source

OPERATORS = frozenset(
    {
        *("+", "-", "*", "/", "%", "=", "+=", "-=", "*=", "/=", "%=", "..", "-f", "-is", "-isnot", "-as"),
        *("-and", "-or", "-xor", "-band", "-bor", "-bxor", "-join", "-shl", "-shr"),
        *(
            f"-{prefix}{word}"
            for prefix in ("", "c", "i")
            for word in (
                *("eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch"),
                *("contains", "notcontains", "in", "notin", "replace", "split"),
            )
        ),
    }
)
UNARY = frozenset({"-not", "!", "-bnot"})
ENDS = frozenset({";", "|", ")", "}", "]"})


@dataclass(frozen=True)
class Text:
    """``tokens`` without comments; ``closed``: the index of each bracket's end by its own."""

    source: Source
    scanned: Scan
    tokens: Sequence[Token]
    closed: Mapping[int, int]

    def said(self, id: str, at: int, *words: object) -> NotParsed:
        return complaint.said(id, self.source.place_of(at), *words)

    def following(self, index: int) -> int:
        """The index of the next token that is no line break; that of the last one and one more without any."""
        index += 1
        while index < len(self.tokens) and self.tokens[index].kind is Kind.BREAK:
            index += 1
        return index

    def at(self, index: int) -> Token | None:
        return self.tokens[index] if index < len(self.tokens) else None

    def after(self, index: int) -> Token | None:
        return self.at(self.following(index))

    def before(self, index: int) -> Token | None:
        index -= 1
        while index >= 0 and self.tokens[index].kind is Kind.BREAK:
            index -= 1
        return self.tokens[index] if index >= 0 else None


def diagnosed(source: Source, scanned: Scan, root: Node) -> NotParsed:
    """``root``: the tree of ``source``, which has an error. ``scanned`` is the text as it was written."""
    tokens = [each for each in scanned.tokens if each.kind is not Kind.COMMENT]
    text = Text(source, scanned, tokens, closing(tokens))
    return _unclosed(text) or next(_misplaced(text), None) or _where_the_grammar_stopped(text, root)


# --- brackets and marks ----------------------------------------------------------------------------------------------


def _unclosed(text: Text) -> NotParsed | None:
    stray, inside = text.scanned.stray, text.scanned.inside
    if stray is not None:
        return _of_open(text, inside) if inside else complaint.unexpected(stray.text, text.source.place_of(stray.start))
    if not text.scanned.open:
        return None
    return _of_open(text, text.scanned.open[-1])


def _of_open(text: Text, opened: Open) -> NotParsed:
    at, before = opened.at, text.source.text[opened.at - 1 : opened.at]
    if opened.what in {'"', "'"}:
        if before == "@":
            return text.said("UnexpectedCharactersAfterHereStringHeader", at)
        return text.said("TerminatorExpectedAtEndOfString", at, opened.what)
    if opened.what in {'@"', "@'"}:
        return _of_here_string(text, opened)
    if opened.what == "[" and (before.isalnum() or before in {")", "]", "}", "_"}):
        return text.said("MissingEndSquareBracket", at)
    return text.said(_UNCLOSED[opened.what], at) if opened.what in _UNCLOSED else _of_parenthesis(text, at)


_UNCLOSED: Mapping[str, str] = MappingProxyType(
    {
        "<#": "MissingTerminatorMultiLineComment",
        "{": "MissingEndCurlyBrace",
        "@{": "IncompleteHashLiteral",
        "$(": "MissingEndParenthesisInSubexpression",
        "[": "EndSquareBracketExpectedAtEndOfAttribute",
    }
)


def _of_here_string(text: Text, opened: Open) -> NotParsed:
    marks = DOUBLE if opened.what == '@"' else SINGLE
    at = opened.at
    for line in text.source.text[opened.at :].splitlines(keepends=True):
        ending = line.strip()
        if line[:1].isspace() and len(ending) > 1 and ending[0] in marks and ending[1] == "@":
            return text.said("WhitespaceBeforeHereStringFooter", at)
        at += len(line)
    return text.said("TerminatorExpectedAtEndOfString", opened.at, f"{opened.what[1]}@")


def _of_parenthesis(text: Text, at: int) -> NotParsed:
    index = next((index for index, each in enumerate(text.tokens) if each.start == at), 0)
    before = text.before(index)
    word = before.text.lower() if before else ""
    if word in {"if", "elseif", "while", "until", "switch", "for", "foreach"}:
        return text.said("MissingEndParenthesisAfterStatement", at, word)
    if before and before.end == at and before.kind is Kind.WORD and "." in before.text:
        return text.said("MissingEndParenthesisInMethodCall", at)
    return text.said("MissingEndParenthesisInExpression", at)


# --- what stands where nothing like it may ---------------------------------------------------------------------------


def _misplaced(text: Text) -> Iterator[NotParsed]:
    """In the order of the text."""
    for index, token in enumerate(text.tokens):
        rule = SIGNS.get(token.text)
        if rule is None and token.kind is Kind.WORD:
            rule = _word
        found = rule(text, index, token) if rule else None
        if found is not None:
            yield found


def _pipe(text: Text, index: int, token: Token) -> NotParsed | None:
    before, after = text.before(index), text.after(index)
    if before is None or before.kind is Kind.OPEN or before.text in {";", "|"}:
        return text.said("EmptyPipeElement", token.start)
    if after is None or after.text in ENDS:
        return text.said("EmptyPipeElement", token.start)
    if after.kind in {Kind.VARIABLE, Kind.STRING, Kind.HERE} or (after.kind is Kind.OPEN and after.text != "{"):
        return text.said("ExpressionsMustBeFirstInPipeline", after.start)
    return None


def _comma(text: Text, index: int, token: Token) -> NotParsed | None:
    after = text.after(index)
    if after is None or after.text in ENDS or after.text == ",":
        return text.said("MissingExpressionAfterToken", token.start, ",")
    return None


def _ampersand(text: Text, index: int, token: Token) -> NotParsed | None:
    following = text.tokens[index + 1] if index + 1 < len(text.tokens) else None
    if following is None or following.kind is Kind.BREAK or following.text in ENDS:
        return unsupported("Running a command in the background with '&'", text.source.place_of(token.start))
    return None


def _parenthesis(text: Text, index: int, token: Token) -> NotParsed | None:
    before, after = text.before(index), text.after(index)
    if after is None or after.text != ")":
        return None
    word = before.text.lower() if before else ""
    if word in {"if", "elseif"}:
        return text.said("IfStatementMissingCondition", token.start, word)
    calling = before is not None and before.end == token.start and before.kind is not Kind.OPEN
    declaring = word == "param" or (index > 1 and text.tokens[index - 2].text.lower() in {"function", "filter"})
    return None if calling or declaring else text.said("ExpectedExpression", token.start)


def _index(text: Text, index: int, token: Token) -> NotParsed | None:
    after = text.after(index)
    if after is None or after.text != "]":
        return None
    touching = index > 0 and text.tokens[index - 1].end == token.start
    return text.said("MissingArrayIndexExpression" if touching else "MissingTypename", token.start)


def _at_sign(text: Text, index: int, token: Token) -> NotParsed | None:
    following = text.at(index + 1)
    if following is not None and following.kind is Kind.STRING and following.start == token.end:
        return text.said("UnexpectedCharactersAfterHereStringHeader", token.start)
    return None


def _table(text: Text, index: int, _token: Token) -> NotParsed | None:
    """The keys of a hash literal, each with what follows it."""
    end = text.closed.get(index, len(text.tokens))
    at, expects_key = index + 1, True
    while at < end:
        each = text.tokens[at]
        if each.kind is Kind.BREAK or each.text == ";":
            expects_key = True
        elif expects_key:
            expects_key = False
            missing = _in_entry(text, at)
            if missing is not None:
                return missing
        at = text.closed.get(at, at) + 1
    return None


def _in_entry(text: Text, index: int) -> NotParsed | None:
    key, after = text.tokens[index], text.at(index + 1)
    if key.kind is Kind.WORD and "=" in key.text:
        bare, value = key.text.endswith("="), after
    elif after is not None and after.text.startswith("="):
        bare, value = after.text == "=", text.at(index + 2)
    elif key.kind in {Kind.WORD, Kind.STRING} and (after is None or after.start > key.end):
        return text.said("MissingEqualsInHashLiteral", key.end)
    else:
        return None
    if bare and (value is None or value.text in ENDS):
        return text.said("MissingStatementInHashLiteral", key.start)
    return None


def _word(text: Text, index: int, token: Token) -> NotParsed | None:
    word, after = token.text.lower(), text.after(index)
    if word.startswith("?.") and index and text.tokens[index - 1].end == token.start:
        return unsupported("The null-conditional operator '?.'", text.source.place_of(token.start))
    if word in KEYWORDS and starts_statement(text.tokens, index):
        return KEYWORDS[word](text, index, token)
    if word == "." and index and text.tokens[index - 1].end == token.start:
        return text.said("MissingPropertyName", token.start)
    if after is not None and after.text not in ENDS:
        return None
    return _at_an_end(text, token)


def _at_an_end(text: Text, token: Token) -> NotParsed | None:
    """A word that cannot be the last one, and is."""
    word = token.text.lower()
    if word.endswith(">"):
        return text.said("MissingFileSpecification", token.start)
    if word in UNARY:
        return text.said("MissingExpressionAfterOperator", token.start, token.text)
    return text.said("ExpectedValueExpression", token.start, token.text) if word in OPERATORS else None


def _keyword(text: Text, index: int, token: Token) -> NotParsed | None:
    """What must follow the word, one after the other."""
    word, at = token.text.lower(), index
    before = text.before(index)
    if word == "while" and before is not None and before.text == "}":  # it ends a do
        return None
    for wanted, id in FOLLOWING[word]:
        following = text.following(at)
        each = text.at(following)
        if each is None or each.text.lower() not in wanted:
            return text.said(id, text.tokens[at].end, word)
        at = text.closed.get(following, following)
    return None


def _foreach(text: Text, index: int, token: Token) -> NotParsed | None:
    opened = text.following(index)
    parenthesis = text.at(opened)
    if parenthesis is None or parenthesis.text != "(":
        return _keyword(text, index, token)
    variable = text.after(opened)
    if variable is None or variable.kind is not Kind.VARIABLE:
        return text.said("MissingVariableNameAfterForeach", parenthesis.end)
    word = text.after(text.following(opened))
    if word is None or word.text.lower() != "in":
        return text.said("MissingInInForeach", variable.end)
    return _keyword(text, index, token)


def _switch(text: Text, index: int, token: Token) -> NotParsed | None:
    after = text.after(index)
    if after is None or not (after.text == "(" or after.text.startswith("-")):
        return text.said("PipelineValueRequired", token.end)
    return None


def _function(text: Text, index: int, token: Token) -> NotParsed | None:
    at = text.following(index)
    name = text.at(at)
    if name is None or name.kind is Kind.OPEN:
        return text.said("MissingNameAfterKeyword", token.end, token.text)
    at = text.following(at)
    if at in text.closed and text.tokens[at].text == "(":
        at = text.following(text.closed[at])
    body = text.at(at)
    return None if body and body.text == "{" else text.said("MissingFunctionBody", name.end)


Rule = Callable[[Text, int, Token], NotParsed | None]

SIGNS: Mapping[str, Rule] = MappingProxyType(
    {"|": _pipe, ",": _comma, "&": _ampersand, "(": _parenthesis, "[": _index, "@": _at_sign, "@{": _table}
)
_BLOCK = ("{", "MissingLoopStatement")
_LOOP = (("(", "MissingOpenParenthesisAfterKeyword"), _BLOCK)
_IF = (("(", "MissingOpenParenthesisInIfStatement"), ("{", "MissingStatementBlock"))
FOLLOWING: Mapping[str, Sequence[tuple[str | tuple[str, ...], str]]] = MappingProxyType(
    {
        "if": _IF,
        "elseif": _IF,
        "else": (("{", "MissingStatementBlockAfterElse"),),
        "for": _LOOP,
        "foreach": _LOOP,
        "while": _LOOP,
        "do": (_BLOCK, (("while", "until"), "MissingWhileOrUntilInDoWhile")),
        "try": (("{", "MissingTryStatementBlock"),),
        "finally": (("{", "MissingFinallyStatementBlock"),),
    }
)
"""What must follow a word, and what is said where it does not."""
KEYWORDS: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(FOLLOWING, _keyword),
        "foreach": _foreach,
        "switch": _switch,
        "function": _function,
        "filter": _function,
    }
)


# --- else ------------------------------------------------------------------------------------------------------------


def _where_the_grammar_stopped(text: Text, root: Node) -> NotParsed:
    node = root
    while True:
        inner = next((each for each in node.children if each.has_error or each.is_missing), None)
        if inner is None:
            break
        node = inner
    inside = parts(node)
    if node.is_error and inside and all(each.type in EXPRESSIONS or each.type in WRAPPERS for each in inside):
        at = text.source.offset(node.end_byte)  # it is whole; what follows it should not be there
    else:
        at = text.source.offset(inside[-1].start_byte if node.is_error and inside else node.start_byte)
    token = next((each for each in text.tokens if each.end > at and each.kind is not Kind.BREAK), None)
    token = token or next((each for each in reversed(text.tokens) if each.kind is not Kind.BREAK), None)
    if token is None:
        return complaint.unexpected(text.source.text, text.source.place_of(0))
    return complaint.unexpected(token.text, text.source.place_of(token.start))
