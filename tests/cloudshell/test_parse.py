"""Texts of scripts and the trees they are, and what is said of those that are none."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calco.cloudshell import syntax
from calco.cloudshell.errors import Fault, NotParsed
from calco.cloudshell.grammar.parse import DEPTH_MAX, TEXT_MAX, is_incomplete, parse
from calco.cloudshell.syntax import Place
from calco.cloudshell.values import Written, WrittenFloat


def shape(node: object) -> str:
    """A tree in short: ``Binary(+ 1 $a)``; what is empty is left out."""
    short = SHORT.get(type(node))
    if short:
        return short(node)
    if not is_dataclass(node):
        return str(node)
    values = [getattr(node, each.name) for each in fields(node) if each.name != "at"]
    inside = " ".join(shape(value) for value in values if value not in ((), "", False, None))
    return f"{type(node).__name__}({inside})"


def _block(node: syntax.Block) -> str:
    named = [(name, getattr(node, name)) for name in ("parameters", "begin", "process", "end")]
    inside = " ".join(f"{name}={shape(value)}" if name != "end" else shape(value) for name, value in named if value)
    return f"{{{inside}}}"


SHORT: dict[type, Callable[..., str]] = {
    syntax.Pipeline: lambda node: " | ".join(shape(each) for each in node.elements),
    syntax.Literal: lambda node: repr(node.value),
    syntax.Variable: lambda node: f"${node.space}:{node.name}" if node.space else f"${node.name}",
    syntax.Argument: lambda node: shape(node.value),
    syntax.Named: lambda node: f"-{node.name}" + (f":{shape(node.value)}" if node.value is not None else ""),
    syntax.Splat: lambda node: f"@{node.name}",
    syntax.TypeName: lambda node: f"[{node.name}]",
    syntax.Block: _block,
    tuple: lambda node: "; ".join(shape(each) for each in node),
    type(None): lambda _node: "-",
}


def read(text: str) -> str:
    return shape(parse(text).body.end)


def refused(text: str) -> Fault:
    with pytest.raises(NotParsed) as caught:
        parse(text)
    return caught.value.fault


EXPRESSIONS = {
    # numbers
    "5": "5",
    "-5": "-5",
    "1KB": "1024",
    "1.5GB": "1610612736.0",
    "0x1F": "31",
    "0xFFFFFFFF": "-1",
    "0xFFFFFFFFu": "4294967295",
    "1.5e3": "1500.0",
    ".5": "0.5",
    "10d": "10",
    "5L": "5",
    "99999999999999999999999999999": "1e+29",
    # strings
    "'it''s $x'": '"it\'s $x"',
    '"a""b"': "'a\"b'",
    '"a`tb`n`$x`u{e9}"': "'a\\tb\\n$xé'",
    '"$a.b $($a.b)[0] ${c d}e"': "Text($a; .b ; SubExpression(Member($a b)); [0] ; $c d; e)",
    '"$env:HOME/$script:x"': "Text($env:HOME; /; $script:x)",
    '"100% $"': "'100% $'",
    '"# no comment $a # nor this"': "Text(# no comment ; $a;  # nor this)",
    '"$(1..3 | % { "x$_" })!"': ("Text(SubExpression(Binary(.. Paren(1) 3) | Command('%' {Text(x; $_)})); !)"),
    '@"\na $b "c"\n"d"\n"@': 'Text(a ; $b;  "c"\n"d")',
    '@"\n$a\n"$b"\n`$c\n$(1)\n\n"@': 'Text($a; \n"; $b; "\n$c\n; SubExpression(1); \n)',
    "@'\n$a ''b''\n'@": "\"$a ''b''\"",
    "@'\n'@": "''",
    '@"\n"@': "''",
    '@"\r\na\r\nb\r\n"@': "'a\\r\\nb'",
    "“a” + ‘b’": "Binary(+ 'a' 'b')",
    # operators
    "1 + 2 * 3": "Binary(+ 1 Binary(* 2 3))",
    "$a - 1 -gt 2 -and -not $b": "Binary(-and Binary(-gt Binary(- $a 1) 2) Unary(-not $b))",
    "!$a": "Unary(! $a)",
    "$a -IEQ 1": "Binary(-ieq $a 1)",
    "$a -cne 1": "Binary(-cne $a 1)",
    "$a -in 1, 2": "Binary(-in $a Array(1; 2))",
    "$a –eq 1": "Binary(-eq $a 1)",
    "'{0}' -f 1, 2": "Binary(-f '{0}' Array(1; 2))",
    "-join ('a', 'b')": "Unary(-join Paren(Array('a'; 'b')))",
    "$x -split ',', 2 -join ';'": "Binary(-join Binary(-split $x Array(','; 2)) ';')",
    "$x -replace 'a'": "Binary(-replace $x 'a')",
    "$a -is [int]": "Binary(-is $a [int])",
    "1..3": "Binary(.. Paren(1) 3)",
    "-1..$n": "Binary(.. -1 $n)",
    "1..($n - 1)": "Binary(.. Paren(1) Paren(Binary(- $n 1)))",
    "1..3 -join ','": "Binary(-join Binary(.. Paren(1) 3) ',')",
    "(0..2).Count": "Member(Paren(Binary(.. Paren(0) 2)) Count)",
    "1/0": "Binary(/ Paren(1) 0)",
    "2KB*$x": "Binary(* Paren(2048) $x)",
    "'a'..'c'": "Binary(.. 'a' 'c')",
    ",1": "Unary(, 1)",
    "1, 2, 3": "Array(1; 2; 3)",
    "@(1; 2)": "ArrayExpression(1; 2)",
    "@()": "ArrayExpression()",
    "$(1)": "SubExpression(1)",
    "$i++": "Step($i ++)",
    "--$i": "Step($i -- True)",
    # members, types, tables
    "$a.b.'c d'.$e.('f')": "Member(Member(Member(Member($a b) c d) $e) Paren('f'))",
    "$a.B($c, 1).d[0]": "Index(Member(Invocation($a B $c; 1) d) 0)",
    "$a.\n  b": "Member($a b)",
    "$a[-1]": "Index($a -1)",
    "$a[1..2]": "Index($a Binary(.. 1 2))",
    "[math]::Round(1.5, 1)": "Invocation([math] Round 1.5; 1 True)",
    "[datetime]::Now": "Member([datetime] Now True)",
    "[int]'5'": "Cast(int '5')",
    "[System.Collections.Generic.List[string]]::new()": (
        "Invocation([System.Collections.Generic.List[string]] new True)"
    ),
    "[pscustomobject]@{ a = 1 }": "Cast(pscustomobject Hash('a'; 1))",
    "@{ a = 1; 'b c' = Get-X\n 3 = if ($x) { 1 } }": "Hash('a'; 1; 'b c'; Command('Get-X'); 3; If($x; 1))",
    "@{}": "Hash()",
    "$a.Where({ $_ }).ForEach{ $_ }": "Invocation(Invocation($a Where {$_}) ForEach {$_})",
    "{ param($x, [int]$y = 2) $x }": "{parameters=Formal(x); Formal(y int 2) $x}",
    "{ param([int]$x = 2, [switch]$y, $z) $x }": "{parameters=Formal(x int 2); Formal(y switch); Formal(z) $x}",
    "{ begin { 1 } process { $_ } end { 3 } }": "{begin=1 process=$_ 3}",
    "$null": "$null",
    "$?": "$?",
    "$global:x": "$global:x",
    "$private:x": "$local:x",
}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_is_read(text: str) -> None:
    assert read(text) == EXPRESSIONS[text]


COMMANDS = {
    "New-AzVM -ResourceGroupName $rg -Name myVM": "Command('New-AzVM' -ResourceGroupName; $rg; -Name; 'myVM')",
    "Foo -Force:$false -X: 2": "Command('Foo' -Force:$false; -X; 2)",
    "Foo @a @b": "Command('Foo' @a; @b)",
    "Foo a,b, 'c',$d": "Command('Foo' Array('a'; 'b'; 'c'; $d))",
    "Foo 'a',b": "Command('Foo' Array('a'; 'b'))",
    "Foo @{ a = 1 }, Name": "Command('Foo' Array(Hash('a'; 1); 'Name'))",
    "Foo Name, @{ n = 'x'; e = { $_.y } } -Bar": (
        "Command('Foo' Array('Name'; Hash('n'; 'x'; 'e'; {Member($_ y)})); -Bar)"
    ),
    "Foo $a.b.c $a[0].d (1)": "Command('Foo' Member(Member($a b) c); Member(Index($a 0) d); Paren(1))",
    "Foo $a.b($c) d": "Command('Foo' Invocation($a b $c); 'd')",
    "New-Object PSCredential($u, $p)": "Command('New-Object' 'PSCredential'; Paren(Array($u; $p)))",
    "Foo web-$i /a/$b/c x=$(1)": "Command('Foo' Text(web-; $i); Text(/a/; $b; /c); Text(x=; SubExpression(1)))",
    "Foo $a$b $a-b": "Command('Foo' Text($a; $b); Text($a; -b))",
    'Foo a"b $c"d': "Command('Foo' Text(ab ; $c; d))",
    'Foo "a"b': "Command('Foo' 'a'; 'b')",
    "Foo 'x'.Length": "Command('Foo' Member('x' Length))",
    "Foo [int] 1..3 *.txt a#b": "Command('Foo' '[int]'; '1..3'; '*.txt'; 'a#b')",
    "Foo + 1 - 2 -3": "Command('Foo' '+'; 1; '-'; 2; -3)",
    "Foo !$x !(1)": "Command('Foo' Text(!; $x); '!'; Paren(1))",
    "Foo [int]$x [int]": "Command('Foo' Text([int]; $x); '[int]')",
    "Foo @{ a = 1 }, `\n  Name, `\r\n  Location -a": "Command('Foo' Array(Hash('a'; 1); 'Name'; 'Location'); -a)",
    "Foo Name,\n  Location -a": "Command('Foo' Array('Name'; 'Location'); -a)",
    'Foo -x @"\na $b\n"@ -y': "Command('Foo' -x; Text(a ; $b); -y)",
    "Foo -x $a.b('/')[-1] -y": "Command('Foo' -x; Paren(Index(Invocation($a b '/') -1)); -y)",
    "Foo $a.b().c($d.e().f).g": (
        "Command('Foo' Paren(Member(Invocation(Invocation($a b) c Member(Invocation($d e) f)) g)))"
    ),
    "Foo -x:$a.b().c 1,$d.e(), $f[0].g().h": (
        "Command('Foo' -x:Paren(Member(Invocation($a b) c));"
        " Array(1; Paren(Invocation($d e)); Paren(Member(Invocation(Index($f 0) g) h))))"
    ),
    "$a.b().c = Foo $d.e().f": (
        "Assignment(Member(Invocation($a b) c) = Command('Foo' Paren(Member(Invocation($d e) f))))"
    ),
    "Foo -x(Get-X).a().b()": "Command('Foo' -x; Paren(Invocation(Invocation(Paren(Command('Get-X')) a) b)))",
    "Foo -x(Get-X).AddDays(1) -y": "Command('Foo' -x; Invocation(Paren(Command('Get-X')) AddDays 1); -y)",
    "Foo (Get-X).AddDays(1) -y": "Command('Foo' Invocation(Paren(Command('Get-X')) AddDays 1); -y)",
    "Foo 10.0.0.0/16 C:\\temp\\x.vhd 50% x=1": "Command('Foo' '10.0.0.0/16'; 'C:\\\\temp\\\\x.vhd'; '50%'; 'x=1')",
    "Foo a`$b `n c`,d": "Command('Foo' 'a$b'; '\\n'; 'c,d')",
    "Foo `\n -a 1 `\r\n -b": "Command('Foo' -a; 1; -b)",
    "Foo\t-a\t1": "Command('Foo' -a; 1)",
    "Foo –a “x”": "Command('Foo' -a; 'x')",
    "az vm list --name foo -o tsv": "Command('az' 'vm'; 'list'; '--name'; 'foo'; -o; 'tsv')",
    "Get-X | ? Name -like x* | % { $_ }": ("Command('Get-X') | Command('?' 'Name'; -like; 'x*') | Command('%' {$_})"),
    "Foo |\n  Bar |\n  Baz": "Command('Foo') | Command('Bar') | Command('Baz')",
    "Foo\n| Bar": "Command('Foo') | Command('Bar')",
    "Foo 2>&1 > $null": "Command('Foo' Redirection(2 &1); Redirection(1 $null))",
    "Foo *> $null": "Command('Foo' Redirection(* $null))",
    "'a' > $null": "'a' | Command('Out-Null')",
    "& $x.y 1": "Command(Member($x y) 1 &)",
    "& { 1 } a": "Command({1} 'a' &)",
    ". $block": "Command($block .)",
    "& 'Get-X' -a": "Command('Get-X' -a &)",
    "./a.ps1 b": "Command('./a.ps1' 'b')",
    "Foo # a comment\n<# and\nanother #>Bar": "Command('Foo'); Command('Bar')",
    "#requires -Version 7\nFoo": "Command('Foo')",
    "Foo; ;Bar;": "Command('Foo'); Command('Bar')",
}


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_is_read(text: str) -> None:
    assert read(text) == COMMANDS[text]


STATEMENTS = {
    "$a = Get-X | Select-Object -First 1": "Assignment($a = Command('Get-X') | Command('Select-Object' -First; 1))",
    "$a.b[0] += 1": "Assignment(Index(Member($a b) 0) += 1)",
    "[int]$x, $y = 1, 2": "Assignment(Array(Cast(int $x); $y) = Array(1; 2))",
    "$a = $b = 1": "Assignment($a = Assignment($b = 1))",
    "$a = 1..3": "Assignment($a = Binary(.. Paren(1) 3))",
    "$a = if ($b) { 1 } else { 2 }": "Assignment($a = If($b; 1 2))",
    "$env:X = 'y'": "Assignment($env:X = 'y')",
    "if ($a) { 1 }\nelseif ($b) { 2 }\nelse { 3 }": "If($a; 1; $b; 2 3)",
    "foreach ($i in 1..3) { $i }": "ForEach($i Binary(.. Paren(1) 3) $i)",
    "for ($i = 0; $i -lt 3; $i++) { $i }": "For(Assignment($i = 0) Binary(-lt $i 3) Step($i ++) $i)",
    "for (;;) { break }": "For(Flow(break))",
    "while ($x) { continue }": "While($x Flow(continue))",
    "do { 1 } until ($x)": "While($x 1 True True)",
    "do { 1 } while ($x)": "While($x 1 True)",
    ":l foreach ($i in $x) { break l }": "ForEach($i $x Flow(break l) l)",
    "switch ($x) { 'a' { 1 } b { 2 } { $_ -gt 1 } { 3 } default { 4 } }": (
        "Switch($x 'a'; 1; 'b'; 2; {Binary(-gt $_ 1)}; 3; -; 4)"
    ),
    "switch -Wildcard -CaseSensitive ($x) { 'a*' { 1 } }": "Switch($x 'a*'; 1 wildcard True)",
    "try { 1 } catch [A.B], [C] { 2 } catch { 3 } finally { 4 }": "Try(1 Catch(A.B; C 2); Catch(3) 4)",
    "throw 'x'": "Flow(throw 'x')",
    "return\n$x": "Flow(return); $x",
    "return $x": "Flow(return $x)",
    "exit 3": "Flow(exit 3)",
    "function Get-X($a, $b = 1) { $a }": "Function(Get-X {parameters=Formal(a); Formal(b 1) $a})",
    "function F { param([int]$A) $A*2 }": "Function(F {parameters=Formal(A int) Binary(* $A 2)})",
    "filter F { $_ }": "Function(F {process=$_})",
    "$a = 1\n-5": "Assignment($a = 1); -5",
    "$a = 5\n($b).c": "Assignment($a = 5); Member(Paren($b) c)",
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_is_read(text: str) -> None:
    assert read(text) == STATEMENTS[text]


def test_attributes_of_a_parameter_are_read() -> None:
    text = """
function F {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline)]
        [ValidateSet('a', 'b')]
        [Alias('n')]
        [string[]]$Name,
        [switch] $Force
    )
    process { $Name }
}"""

    (function,) = parse(text).body.end

    assert isinstance(function, syntax.Function)
    name, force = function.body.parameters
    assert (name.name, name.type, name.mandatory, name.position) == ("Name", "string[]", True, 0)
    assert (name.choices, name.aliases, name.from_pipeline, name.from_name) == (("a", "b"), ("n",), True, False)
    assert (force.name, force.type, force.mandatory) == ("Force", "switch", False)


def test_a_number_that_is_an_argument_keeps_how_it_was_written() -> None:
    (pipeline,) = parse("Foo -Version 1.10 007 -2").body.end

    assert isinstance(pipeline, syntax.Pipeline)
    assert isinstance(pipeline.elements[0], syntax.Command)
    given = [each.value for each in pipeline.elements[0].arguments if isinstance(each, syntax.Argument)]
    values = [each.value for each in given if isinstance(each, syntax.Literal)]
    assert values == [1.1, 7, -2]
    assert [each.text for each in values if isinstance(each, Written | WrittenFloat)] == ["1.10", "007", "-2"]


def test_places_are_those_of_the_author_whatever_was_put_right() -> None:
    text = "é = 1\nfunction F { param($a) Foo 'é', b $a$b (1..3) }"

    function = parse(text).body.end[1]

    assert isinstance(function, syntax.Function)
    (pipeline,) = function.body.end
    assert pipeline.at == Place(2, 24, text.split("\n")[1])
    assert function.body.text == " param($a) Foo 'é', b $a$b (1..3) "


COMPLAINTS = {
    "if ($a) {": ("Missing closing '}' in statement block or type definition.", 1, 9),
    '$a = 1\nFoo "b': ('The string is missing the terminator: ".', 2, 5),
    "Foo 'b": ("The string is missing the terminator: '.", 1, 5),
    '@"\nabc': ('The string is missing the terminator: "@.', 1, 1),
    '@"\nabc\n  "@': ("White space is not allowed before the string terminator.", 3, 1),
    '@"abc"@': ("No characters are allowed after a here-string header but before the end of the line.", 1, 1),
    "Foo (1": ("Missing closing ')' in expression.", 1, 5),
    "$(1": ("Missing closing ')' in subexpression.", 1, 1),
    "@{ a = 1": ("The hash literal was incomplete.", 1, 1),
    "$a[1": ("Missing ']' after array index expression.", 1, 3),
    "<# x": ("The terminator '#>' is missing from the multiline comment.", 1, 1),
    "}": ("Unexpected token '}' in expression or statement.", 1, 1),
    "1 2": ("Unexpected token '2' in expression or statement.", 1, 3),
    "$a b": ("Unexpected token 'b' in expression or statement.", 1, 4),
    "$x = 5 6": ("Unexpected token '6' in expression or statement.", 1, 8),
    "$x$y": ("Unexpected token '$y' in expression or statement.", 1, 3),
    "$x != 5": ("Unexpected token '!=' in expression or statement.", 1, 4),
    "Foo |": ("An empty pipe element is not allowed.", 1, 5),
    "Foo | | Bar": ("An empty pipe element is not allowed.", 1, 5),
    "Foo | $x": ("Expressions are only allowed as the first element of a pipeline.", 1, 7),
    "$a +": ("You must provide a value expression following the '+' operator.", 1, 4),
    "1, b": ("Missing expression after ','.", 1, 4),
    "1,": ("Missing expression after ','.", 1, 2),
    "()": ("An expression was expected after '('.", 1, 1),
    "-not": ("Missing expression after unary operator '-not'.", 1, 1),
    "$x.": ("Missing property name after reference operator.", 1, 3),
    "if $a { }": ("Missing '(' after 'if' in if statement.", 1, 3),
    "if ($a)": ("Missing statement block after if ( condition ).", 1, 8),
    "while ($a) Foo": ("Missing statement body in while loop.", 1, 11),
    "do { }": ("Missing while or until keyword in do loop.", 1, 7),
    "try { }": ("The Try statement is missing its Catch or Finally block.", 1, 8),
    "function { }": ("Missing name after function keyword.", 1, 9),
    "@{ a 1 }": ("Missing '=' operator after key in hash literal.", 1, 5),
    "@{ a = }": ("Missing statement after '=' in hash literal.", 1, 4),
    "@{ a = 1; A = 2 }": ("Duplicate keys 'A' are not allowed in hash literals.", 1, 11),
    '"$a: b"': (
        (
            "Variable reference is not valid. ':' was not followed by a valid variable name character. Consider"
            " using ${} to delimit the name."
        ),
        1,
        2,
    ),
    "1 = 2": (
        (
            "The assignment expression is not valid. The input to an assignment operator must be an object that is able"
            " to accept assignments, such as a variable or a property."
        ),
        1,
        1,
    ),
    "$x = @y": (
        (
            "The splatting operator '@' cannot be used to reference variables in an expression. '@y' can be used only"
            " as an argument to a command. To reference variables in an expression use '$y'."
        ),
        1,
        6,
    ),
    "param([switch]$a = 0)\n1 2": ("Unexpected token '2' in expression or statement.", 2, 3),
    "switch (1) { 1 { 2 } default { 3 } }\n1 2": ("Unexpected token '2' in expression or statement.", 2, 3),
    "$a = if (1) { 1 }\nelse { 2 }\n1 2": ("Unexpected token '2' in expression or statement.", 3, 3),
    "param($a, $A)": ("Duplicate parameter $A in parameter list.", 1, 11),
    "param($a = 1, 2)": ("Missing expression after ','.", 1, 15),
    "Foo >": ("Missing file specification after redirection operator.", 1, 5),
}


@pytest.mark.parametrize("text", COMPLAINTS)
def test_a_text_that_is_no_script_is_refused_in_powershells_words_and_at_its_place(text: str) -> None:
    fault = refused(text)

    assert fault.at is not None
    assert (fault.message, fault.at.line, fault.at.column) == COMPLAINTS[text]
    assert fault.category == "ParserError"


ABSENT = {
    "class A { }": "The class statement",
    "enum A { b }": "The enum statement",
    "using namespace System": "The using statement",
    "workflow W { }": "The workflow statement",
    "trap { 1 }": "The trap statement",
    "data { 1 }": "The data statement",
    "function F { dynamicparam { 1 } }": "The dynamicparam block",
    "process { 1 }": "The process block of a script that is no function",
    "Foo &": "Running a command in the background with '&'",
    "Foo > out.txt": "Redirection to a file",
    "Foo 2>> log": "Redirection to a file",
    "Foo 1>&2": "The redirection '1>&2'",
    "a && b": "The pipeline chain operator '&&'",
    "$a ? 1 : 2": "The ternary operator '?:'",
    "$a ?? 1": "The null-coalescing operator '??'",
    "$a ??= 1": "The assignment operator '??='",
    "$a?.b": "The null-conditional operator '?.'",
    "Foo --% a": "The stop-parsing token '--%'",
    "switch -File x { a { 1 } }": "switch -File",
    "$using:x": "A variable of 'using:'",
    "param([ValidateLength(1, 2)]$a)": "The attribute [ValidateLength(1, 2)]",
}


@pytest.mark.parametrize("text", ABSENT)
def test_what_this_shell_does_not_have_is_refused_by_name(text: str) -> None:
    fault = refused(text)

    assert fault.message == f"{ABSENT[text]} is not supported in calco's Cloud Shell, which is a subset of PowerShell."
    assert fault.at is not None


INCOMPLETE = (
    *(
        "if ($a) {",
        "if ($a)",
        "Foo |",
        "$a +",
        "$a =",
        "Foo a,",
        "try { }",
        "while ($x)",
        "do { }",
        "foreach ($a in $b)",
    ),
    *("Foo -a `", '"abc', "@'\nx", "function F", "@{ a =", "$x.", "-not", "if ($x) { } else", "<# x"),
)


@pytest.mark.parametrize("text", INCOMPLETE)
def test_a_text_that_more_lines_could_end_is_incomplete(text: str) -> None:
    assert is_incomplete(text)


@pytest.mark.parametrize(
    "text", ["", "Foo", "1 2", "}", "$a b", "if ($a) { }", "class A { }", "()", "Foo )", "'a' 'b'"]
)
def test_a_text_that_is_whole_or_wrong_is_not_incomplete(text: str) -> None:
    assert not is_incomplete(text)


@pytest.mark.parametrize("text", ["(" * 3000 + "1" + ")" * 3000, "1" + " + 1" * 3000, "{" * 2000 + "}" * 2000])
def test_a_text_that_is_nested_too_deeply_is_refused(text: str) -> None:
    assert refused(text).id == "ScriptTooComplicated"


def test_as_many_terms_as_people_write_are_read() -> None:
    assert parse("$a = " + " + ".join(["'x'"] * (DEPTH_MAX - 50))).body.end


def test_a_text_that_is_too_long_is_refused_unread() -> None:
    assert refused("#" * (TEXT_MAX + 1)).id == "ScriptTooLong"


def test_half_a_character_is_refused_at_its_place() -> None:
    fault = refused("Foo\nBar \ud800")

    assert fault.at == Place(2, 5, "Bar \ud800")


PIECES = (
    *("$a", "$b.c", " ", "\n", "(", ")", "{", "}", "[", "]", "@(", "@{", "$(", '"', "'", "`", "|", ";", ",", "=", "+="),
    *("+", "..", "1", "2.5", "if", "else", "foreach", "in", "while", "do", "until", "switch", "default", "function"),
    *("param", "try", "catch", "finally", "return", "break", "-eq", "-not", "-f", "Foo", "-Name", "-x:", "$_", "@a"),
    *('@"\n', '\n"@', "@'\n", "\n'@", "#", "<#", "#>", "&", ".", "::", "[int]", "1..3", "%", ">", "2>&1", "é", "\t"),
    *("\r\n", "\0", "“", "–", ":l ", "$env:x", "${a b}", "process", "[Parameter(Mandatory)]", "--%", "\\", "??", "++"),
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.text(max_size=60)))
def test_whatever_the_text_it_is_a_script_or_refused_with_a_sentence_and_a_place(text: str) -> None:
    made: syntax.Script | Fault
    try:
        made = parse(text)
    except NotParsed as found:
        made = found.fault

    if isinstance(made, Fault):
        assert made.message
        assert made.at is not None
        assert made.at.line <= text.count("\n") + 1
    assert isinstance(is_incomplete(text), bool)
