"""What PowerShell says of a script that it cannot read, in its own words and with its own ids.

Source: PowerShell 7, ParserStrings (MIT licence); ids are what ``FullyQualifiedErrorId`` shows.
"""

from collections.abc import Mapping
from types import MappingProxyType

from calco.cloudshell.errors import Fault, NotParsed
from calco.cloudshell.syntax import Place

TOKEN_MAX = 40
"""Characters of the text that is shown as a token."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "BadNumericConstant": "The numeric constant {0} is not valid.",
        "DuplicateFormalParameter": "Duplicate parameter ${0} in parameter list.",
        "DuplicateKeyInHashLiteral": "Duplicate keys '{0}' are not allowed in hash literals.",
        "EmptyCatchNotLast": "Catch block must be the last catch block.",
        "EmptyPipeElement": "An empty pipe element is not allowed.",
        "EndSquareBracketExpectedAtEndOfAttribute": "Missing ] at end of attribute or type literal.",
        "ExpectedExpression": "An expression was expected after '('.",
        "ExpectedValueExpression": "You must provide a value expression following the '{0}' operator.",
        "ExpressionsMustBeFirstInPipeline": "Expressions are only allowed as the first element of a pipeline.",
        "IfStatementMissingCondition": "Missing condition in if statement after '{0} ('.",
        "IncompleteHashLiteral": "The hash literal was incomplete.",
        "InvalidLeftHandSide": (
            "The assignment expression is not valid. The input to an assignment operator must be an object that is able"
            " to accept assignments, such as a variable or a property."
        ),
        "InvalidVariableReferenceWithDrive": (
            "Variable reference is not valid. ':' was not followed by a valid variable name character. Consider using"
            " ${{}} to delimit the name."
        ),
        "MissingArrayIndexExpression": "Array index expression is missing or not valid.",
        "MissingCatchOrFinally": "The Try statement is missing its Catch or Finally block.",
        "MissingEndCurlyBrace": "Missing closing '}}' in statement block or type definition.",
        "MissingEndParenthesisAfterStatement": "Missing closing ')' after expression in '{0}' statement.",
        "MissingEndParenthesisInExpression": "Missing closing ')' in expression.",
        "MissingEndParenthesisInMethodCall": "Missing ')' in method call.",
        "MissingEndParenthesisInSubexpression": "Missing closing ')' in subexpression.",
        "MissingEndSquareBracket": "Missing ']' after array index expression.",
        "MissingEqualsInHashLiteral": "Missing '=' operator after key in hash literal.",
        "MissingExpressionAfterOperator": "Missing expression after unary operator '{0}'.",
        "MissingExpressionAfterToken": "Missing expression after '{0}'.",
        "MissingFileSpecification": "Missing file specification after redirection operator.",
        "MissingFinallyStatementBlock": "The Finally block is missing its statement block.",
        "MissingFunctionBody": "Missing function body in function declaration.",
        "MissingInInForeach": (
            "Missing 'in' after variable in foreach loop.\nThe correct form is: foreach ($a in $b) {{...}}"
        ),
        "MissingLoopStatement": "Missing statement body in {0} loop.",
        "MissingNameAfterKeyword": "Missing name after {0} keyword.",
        "MissingOpenParenthesisAfterKeyword": "Missing opening '(' after keyword '{0}'.",
        "MissingOpenParenthesisInIfStatement": "Missing '(' after '{0}' in if statement.",
        "MissingPropertyName": "Missing property name after reference operator.",
        "MissingStatementBlock": "Missing statement block after {0} ( condition ).",
        "MissingStatementBlockAfterElse": "Missing statement block after 'else' keyword.",
        "MissingStatementInHashLiteral": "Missing statement after '=' in hash literal.",
        "MissingTerminatorMultiLineComment": "The terminator '#>' is missing from the multiline comment.",
        "MissingTryStatementBlock": "The Try statement is missing its statement block.",
        "MissingTypename": "Missing type name after '['.",
        "MissingVariableNameAfterForeach": (
            "Missing variable name after foreach.\nThe correct form is: foreach ($a in $b) {{...}}"
        ),
        "MissingWhileOrUntilInDoWhile": "Missing while or until keyword in do loop.",
        "PipelineValueRequired": (
            "A switch statement must have one of the following:  '-file file_name' or '( expression )'."
        ),
        "RedirectionNotSupported": "The '{0}' operator is reserved for future use.",
        "ScriptTooComplicated": "Processing was stopped because the script is too complex.",
        "ScriptTooLong": "A script has at most {0} characters; this one has {1}.",
        "SplattingNotPermitted": (
            "The splatting operator '@' cannot be used to reference variables in an expression. '@{0}' can be used only"
            " as an argument to a command. To reference variables in an expression use '${0}'."
        ),
        "TerminatorExpectedAtEndOfString": "The string is missing the terminator: {0}.",
        "UnexpectedCharactersAfterHereStringHeader": (
            "No characters are allowed after a here-string header but before the end of the line."
        ),
        "UnexpectedToken": "Unexpected token '{0}' in expression or statement.",
        "WhitespaceBeforeHereStringFooter": "White space is not allowed before the string terminator.",
    }
)


def said(id: str, at: Place, *words: object) -> NotParsed:
    """``words`` go into the message of ``id``."""
    return NotParsed(
        Fault(
            WORDS[id].format(*words),
            id=id,
            category="ParserError",
            exception="System.Management.Automation.ParseException",
            at=at,
        )
    )


def unexpected(text: str, at: Place) -> NotParsed:
    """``text`` is what stands there; its first word is shown."""
    return said("UnexpectedToken", at, (text.split() or [""])[0][:TOKEN_MAX])
