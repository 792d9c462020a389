"""What PowerShell 7 answers, as data: a script, what it puts out, what it tells as errors.

A row is (source, output) or (source, output, error): output with its types (1 is an Int32, 1.0 a Double), errors as
the messages in their order. Sources: Microsoft Learn, the about_ topics named at each table.
"""

import math
from collections.abc import Sequence
from typing import Final

Row = tuple[str, Sequence[object]] | tuple[str, Sequence[object], str]


def cannot(value: str, type: str, why: str) -> str:
    return f'Cannot convert value "{value}" to type "System.{type}". Error: "{why}"'


def calling(name: str, count: int, why: str) -> str:
    return f'Exception calling "{name}" with "{count}" argument(s): "{why}"'


def no_method(type: str, name: str) -> str:
    return f"Method invocation failed because [System.{type}] does not contain a method named '{name}'."


def unknown(name: str) -> str:
    return (
        f"The term '{name}' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
    )


def not_here(what: str) -> str:
    return f"{what} is not supported in calco's Cloud Shell, which is a subset of PowerShell."


NOT_A_NUMBER: Final = cannot("x", "Int32", "The input string 'x' was not in a correct format.")
TOO_FEW: Final = (
    "Error formatting a string: Index (zero based) must be greater than or equal to zero and less than the size of the "
    "argument list.."
)
TABLE: Final = "System.Collections.Hashtable"
TIMES: Final = ("01:02:03 01:02:03", "12 Z +00:00")
OUT: Final = (
    "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')"
)
SPLIT: Final = "The mode 'split' of Where()"
ON_NULL: Final = "You cannot call a method on a null-valued expression."

# about_Numeric_Literals, about_Arithmetic_Operators
ARITHMETIC: list[Row] = [
    ("1 + 1", [2]),
    ("7 - 10", [-3]),
    ("6 * 7", [42]),
    ("10 / 5", [2]),
    ("10 / 4", [2.5]),
    ("1 / 3", [1 / 3]),
    ("7 % 3", [1]),
    ("-7 % 3", [-1]),
    ("5.5 % 2", [1.5]),
    ("2 + 3 * 4", [14]),
    ("(2 + 3) * 4", [20]),
    ("1.5 + 1", [2.5]),
    ("1.0 + 1", [2.0]),
    ("1kb; 2mb; 1gb", [1024, 2097152, 1073741824]),
    ("0xff", [255]),
    ("1e3", [1000.0]),
    ("10GB / 1MB", [10240]),
    ("2147483647 + 1", [2147483648.0]),
    ("2147483648 + 1", [2147483649]),
    ("9223372036854775807 + 1", [9.223372036854775807e18]),
    ("-2147483648 - 1", [-2147483649.0]),
    ("1 / 0", [], "Attempted to divide by zero."),
    ("1 % 0", [], "Attempted to divide by zero."),
    ("$x = 5; $x / 0; 'after'", ["after"], "Attempted to divide by zero."),
    ("'5' + 3", ["53"]),
    ("3 + '5'", [8]),
    ("'6' / '2'", [3]),
    ("'3' - 1", [2]),
    ("3 + 'x'", [], NOT_A_NUMBER),
    ("'ab' * 3", ["ababab"]),
    ("(1, 2) * 2", [1, 2, 1, 2]),
    ("1, 2 + 3, 4", [1, 2, 3, 4]),
    ("$null + 5", [5]),
    ("$true + 1", [2]),
    ("-'5'", [-5]),
    ("5 -band 3; -bnot 5", [], "\n".join(map(not_here, ("The operator '-band'", "The operator '-bnot'")))),
    ("$x = 5; $x += 2; $x -= 1; $x *= 3; $x /= 2; $x %= 5; $x", [4]),
    ("$i = 1; $i++; ++$i; $i; $i--; $i", [3, 2]),
    ("$i = 1; $j = $i++; $k = ++$i; $j; $k", [1, 3]),
    ("$n++; $n", [1]),
    ("$s = 'a'; $s++", [], "The '++' operator works only on numbers. The operand is a 'System.String'."),
    (
        "@{} - 1",
        [],
        no_method("Collections.Hashtable", "op_Subtraction"),
    ),
    ("(Get-Date) - (Get-Date) | ForEach-Object { $_.Days }", [0]),
]

# about_Quoting_Rules, about_Special_Characters
STRINGS: list[Row] = [
    ("'single $x'", ["single $x"]),
    ('$x = 5; "double $x"', ["double 5"]),
    ('"a`tb`n"', ["a\tb\n"]),
    ('"`$x `"q`""', ['$x "q"']),
    ("'it''s'", ["it's"]),
    ('"say ""hi"""', ['say "hi"']),
    ('"$(1 + 1) and $((1, 2).Count)"', ["2 and 2"]),
    ('$a = 1, 2, 3; "$a"', ["1 2 3"]),
    ("$a = 1, 2; $OFS = '-'; \"$a\"", ["1-2"]),
    ('$h = @{k = "v"}; "$h.k $($h.k)"', ["System.Collections.Hashtable.k v"]),
    ('"${HOME}x"', ["/home/adax"]),
    ('"$env:USER"', ["ada"]),
    ('"[$null]"', ["[]"]),
    ('"$true $false"', ["True False"]),
    ('"$(1.0) $(2.50) $(1e20) $(0.1)"', ["1 2.5 1E+20 0.1"]),
    ("\"$([pscustomobject]@{a = 1; b = 'x'})\"", ["@{a=1; b=x}"]),
    ('"$(@(1, @(2, 3)))"', ["1 System.Object[]"]),
    ('"{0}"', ["{0}"]),
    ("@'\nline $x\n'@", ["line $x"]),
    ('$x = 1; @"\nline $x\n"@', ["line 1"]),
    ("\"$([datetime]'2026-11-23 14:05')\"", ["11/23/2026 14:05:00"]),
    ("'abc'[0]; 'abc'[-1]; 'abc'[5]", ["a", "c", None]),
    ("'abc'.Length", [3]),
    ("'a' + 1 + 2", ["a12"]),
    ("\"$('x' * 3)\"", ["xxx"]),
    ('"$({ 1 + 1 })"', [" 1 + 1 "]),
    ('"$([int])"', ["int"]),
]

# about_Comparison_Operators
COMPARISON: list[Row] = [
    ("1 -eq 1; 1 -ne 1; 1 -lt 2; 2 -le 2; 3 -gt 2; 3 -ge 4", [True, False, True, True, True, False]),
    ("'abc' -eq 'ABC'; 'abc' -ceq 'ABC'; 'abc' -ieq 'ABC'", [True, False, True]),
    ("'b' -gt 'A'; 'a' -clt 'B'", [True, False]),
    ("1 -eq '1'; '1' -eq 1; '01' -eq 1", [True, True, False]),
    ("10 -gt '9'; '10' -gt 9", [True, False]),
    ("$null -eq $null; $null -eq 0; '' -eq $null", [True, False, False]),
    ("$true -eq 1; $true -eq 'x'; $false -eq ''", [True, True, True]),
    ("1 -eq 'x'", [False]),
    ("1 -lt 'x'", [], f'Could not compare "1" to "x". Error: "{NOT_A_NUMBER}"'),
    ("1, 2, 3, 2 -eq 2", [2, 2]),
    ("1, 2, 3 -ne 2", [1, 3]),
    ("1, 2, 3 -gt 1", [2, 3]),
    ("(1, 2 -eq 5).Count", [0]),
    ("'vm1' -like 'vm*'; 'vm1' -like 'VM?'; 'vm1' -clike 'VM?'; 'vm1' -notlike 'x*'", [True, True, False, True]),
    ("'vm1' -like 'vm[0-3]'; 'a*b' -like 'a`*b'; 'axb' -like 'a`*b'", [True, True, False]),
    ("'vm1', 'db1', 'vm2' -like 'vm*'", ["vm1", "vm2"]),
    ("'hello' -match 'L+'; $Matches[0]", [True, "ll"]),
    ("'hello' -cmatch 'L+'", [False]),
    ("'hello' -notmatch 'z'", [True]),
    ("'a1b22' -match '(?<n>\\d+)b'; $Matches.n; $Matches['n']", [True, "1", "1"]),
    ("'2026-11' -match '(\\d+)-(\\d+)'; $Matches[1]; $Matches[2]", [True, "2026", "11"]),
    ("'vm1', 'db1' -match '^vm'", ["vm1"]),
    (
        "1, 2 -contains 2; 1, 2 -notcontains 2; 'A', 'b' -contains 'a'; 'A', 'b' -ccontains 'a'",
        [True, False, True, False],
    ),
    ("2 -in 1, 2; 3 -notin 1, 2; 'x' -in 'X'", [True, True, True]),
    ("'a' -is [string]; 1 -is [int]; 1 -is [string]; 1 -isnot [string]", [True, True, False, True]),
    ("@() -is [array]; @{} -is [hashtable]; 1.5 -is [double]; $null -is [object]", [True, True, True, False]),
    ("'5' -as [int]; 'x' -as [int]", [5, None]),
    ("1 -is 'x'", [], "Unable to find type [x]."),
    ("@{} -gt 1", [], 'Cannot compare "System.Collections.Hashtable" because it is not IComparable.'),
    ("[datetime]'2026-01-02' -gt '2026-01-01'", [True]),
    ("[version]'1.10' -gt [version]'1.9'", [True]),
    ("'x' -match '('", [], "The regular expression pattern ( is not valid."),
]

# about_Logical_Operators, about_Booleans
LOGIC: list[Row] = [
    ("$true -and $false; $true -or $false; $true -xor $true; -not $true; !$false", [False, True, False, False, True]),
    ("$false -and (1 / 0)", [False]),
    ("$true -or (1 / 0)", [True]),
    ("[bool]0; [bool]1; [bool]''; [bool]'False'; [bool]$null", [False, True, False, True, False]),
    ("[bool]@(); [bool]@(0); [bool]@(0, 0); [bool]@{}", [False, False, True, True]),
    ("if (@()) { 1 } else { 2 }", [2]),
    ("!'x'; !''", [False, True]),
    ("1 -eq 1 -and 2 -eq 2", [True]),
    ("-not 1 -eq 1", [False]),
]

# about_Join, about_Split, about_Comparison_Operators (replacement)
TEXT_OPERATORS: list[Row] = [
    ("1, 2, 3 -join '-'; -join ('a', 'b')", ["1-2-3", "ab"]),
    ("'a,b,c' -split ','", ["a", "b", "c"]),
    ("'a1b2c' -split '\\d'", ["a", "b", "c"]),
    ("'a,b,c' -split ',', 2", ["a", "b,c"]),
    ("'a1b' -split '(\\d)'", ["a", "1", "b"]),
    ("'aXbxc' -csplit 'x'", ["aXb", "c"]),
    ("'a.b.c' -split '.', 0, 'SimpleMatch'", ["a", "b", "c"]),
    ("-split '  one two '", ["one", "two"]),
    ("'a,b', 'c' -split ','", ["a", "b", "c"]),
    ("'hello' -replace 'L', 'r'; 'hello' -creplace 'L', 'r'", ["herro", "hello"]),
    ("'ab' -replace '(a)(b)', '$2$1'; 'ab' -replace '(?<x>a)', '[${x}]'", ["ba", "[a]b"]),
    ("'a.b' -replace '\\.'", ["ab"]),
    ("'vm1', 'vm2' -replace 'vm', 'x'", ["x1", "x2"]),
    ("'abc' -replace 'b', { $_.Value.ToUpper() }", ["aBc"]),
    ("'cost' -replace 'cost', '$$5 $& $9'", ["$5 cost $9"]),
    ("'x' -replace 'a', 'b', 'c'", [], "The -replace operator allows only two elements to follow it, not 3."),
    ("'{0} and {1}' -f 'a', 2", ["a and 2"]),
    ("'{0:N2} {1:D4} {2:X} {3:P1}' -f 1234.567, 7, 255, 0.25", ["1,234.57 0007 FF 25.0%"]),
    ("'{0,6}|{0,-6}|' -f 'ab'", ["    ab|ab    |"]),
    ("'{0:yyyy-MM-dd HH:mm}' -f [datetime]'2026-11-23 14:05'", ["2026-11-23 14:05"]),
    ("'{0:C} {1:F1} {2:E2} {3:000}' -f 5, 2.25, 12345, 7", ["$5.00 2.3 1.23E+004 007"]),
    ("'{{{0}}}' -f 1", ["{1}"]),
    ("'{0:#,##0.0#} {1:0,000} {2:0.0%} {0:N0} GB' -f 12345.678, 5, -0.256", ["12,345.68 0,005 -25.6% 12,346 GB"]),
    ("'{0:0#} {0:#0#} {0:#} {1:,0} {1:#,#} {0:,.0#}' -f 5, 12345", ["05 05 5 12345 12,345 5.0"]),
    ("'{0:0.00} {1:0.00} {2:0.0%} {0:N2} {1:F2}' -f 2.675, 0.145, 0.0145", ["2.68 0.15 1.5% 2.67 0.14"]),
    ("'{0:0} {0:F1} {0:N0} {0:C} {1:0} [{0:#}]' -f -0.03, 0", ["-0 -0.0 -0 -$0.03 0 []"]),
    ("'{0:R} {1:r} {1:G} {1:g}' -f 0.1, 1e20", ["0.1 1e+20 1E+20 1e+20"]),
    ("'{0:R}' -f 5", [], "Error formatting a string: Format specifier was invalid.."),
    ("'{0:B}' -f 5", [], not_here("The number format 'B'")),
    ("'{0:B}' -f 5.0", [], "Error formatting a string: Format specifier was invalid.."),
    ("'{0:0;-0}' -f 5", [], not_here("The number format '0;-0'")),
    (
        "'{1}' -f 1",
        [],
        TOO_FEW,
    ),
    ("'{0' -f 1", [], "Error formatting a string: Input string was not in a correct format.."),
]

# about_Arrays
ARRAYS: list[Row] = [
    ("1, 2, 3", [1, 2, 3]),
    ("1..4; 3..1", [1, 2, 3, 4, 3, 2, 1]),
    ("'a'..'d'", ["a", "b", "c", "d"]),
    ("@().Count; @(1).Count; @(1, 2).Count; @(@(1, 2)).Count; @($null).Count", [0, 1, 2, 2, 1]),
    ("(, (1, 2)).Count", [1]),
    ("$a = 1, 2, 3; $a[0]; $a[-1]; $a[7]", [1, 3, None]),
    ("$a = 10, 20, 30; $a[0, 2]; $a[1..2]", [10, 30, 20, 30]),
    ("$a = 1, 2; $a += 3; $a.Count; $a += 4, 5; $a.Count", [3, 5]),
    ('$a = @(); $a += 1; "$a"', ["1"]),
    ('$a = 1, 2; $a[0] = 9; "$a"', ["9 2"]),
    ("$a = 1, 2; $a[5] = 9", [], "Index was outside the bounds of the array."),
    ("$n[0]", [], "Cannot index into a null array."),
    ("$a = 1, 2; $a[$null]", [], "Index operation failed; the array index evaluated to null."),
    ("$x = 5; $x[0]; $x[-1]; $null -eq $x[1]", [5, 5, True]),
    ("$a = 1, 2; $b = $a; $b[0] = 9; $a[0]", [9]),
    ("$a, $b = 1, 2, 3; $a; $b", [1, 2, 3]),
    ("$a, $b = 1; $a; $null -eq $b", [1, True]),
    ("$a = $b = 5; $a + $b", [10]),
    ("$x = 5; $x.Count; $null.Count; 'abc'.Count; (1, 2).Length", [1, 0, 1, 2]),
    ("(1, 2, 3).Contains(2); (1, 2).IndexOf(2)", [True, 1]),
    ("$a = @(); $a.Add(1)", [], 'Exception calling "Add" with "1" argument(s): "Collection was of a fixed size."'),
    ("(1, 2, 3).Where({ $_ -gt 1 }); (1, 2).ForEach({ $_ * 2 })", [2, 3, 2, 4]),
    ("(3, 1, 2).Where({ $true }, 'First'); (3, 1, 2).Where({ $_ -lt 3 }, 'First', 2)", [3, 1, 2]),
    ("(1, 2).Where({ 1 }, 'Split'); (1, 2).GetUpperBound(0)", [], f"{not_here(SPLIT)}\n{not_here('GetUpperBound()')}"),
    ("('a', 'b').ToUpper()", ["A", "B"]),
    ("('a', 'bb').Length; ('a', 'bb').ForEach('Length')", [2, 1, 2]),
    ("$l = [System.Collections.Generic.List[string]]::new(); $l.Add('a'); $l.Add('b'); $l.Count; $l[1]", [2, "b"]),
    ("$l = [System.Collections.ArrayList]@(); $l.Add('a'); [void]$l.Add('b'); $l.Count", [0, 2]),
    (
        "$l = New-Thing; 1",
        [1],
        unknown("New-Thing"),
    ),
    ('$l = [Collections.ArrayList](3, 1, 2); $l.Remove(1); $l.Insert(0, 9); $l.RemoveAt(1); "$l"', ["9 2"]),
    ('$a = 3, 1, 2; [array]::Reverse($a); "$a"; [array]::Sort($a); "$a"', ["2 1 3", "1 2 3"]),
    ("@(1, 2) + @(3); (@(1) + 2).Count", [1, 2, 3, 2]),
    ("[array]$a = 5; $a.Count", [1]),
    ("[int[]]('1', '2')", [1, 2]),
    ("[string[]](1, 2)", ["1", "2"]),
]

# about_Hash_Tables, about_PSCustomObject, about_Member-Access_Enumeration
TABLES: list[Row] = [
    ("$h = @{a = 1; 'b c' = 2}; $h.a; $h['b c']; $h.'b c'; $h.A", [1, 2, 2, 1]),
    ("$h = @{}; $h.x = 1; $h['y'] = 2; $h.Count; $h.ContainsKey('X'); $h.ContainsValue(2)", [2, True, True]),
    ("$h = [ordered]@{b = 1; a = 2}; $h.Keys; $h.Values; $h[0]", ["b", "a", 1, 2, 1]),
    ("$h = @{a = 1}; $h.Add('b', 2); $h.Remove('a'); $h.Keys", ["b"]),
    (
        "$h = @{a = 1}; $h.Add('A', 2)",
        [],
        calling("Add", 2, "Item has already been added. Key in dictionary: 'A'  Key being added: 'A'"),
    ),
    ("$h = @{a = 1} + @{b = 2}; $h.b", [2]),
    ("@{a = 1} + @{A = 2}", [], "Item has already been added. Key in dictionary: 'A'  Key being added: 'A'"),
    ("@{a = 1} + 1", [], "A hash table can only be added to another hash table."),
    ("$h = @{a = 1}; $h.none; $h['none']; $h.Count", [None, None, 1]),
    ('foreach ($e in @{a = 1}.GetEnumerator()) { "$($e.Key)=$($e.Value) $($e.Name)" }', ["a=1 a"]),
    ("$h = @{1 = 'one'}; $h[1]; $h['1']", ["one", None]),
    ("$h = @{list = 1, 2; sub = @{x = 5}}; $h.list[1]; $h.sub.x", [2, 5]),
    ("$k = 'dyn'; $h = @{$k = 1}; $h.dyn; $h.$k", [1, 1]),
    ("@{a = if ($true) { 1 } else { 2 }}.a", [1]),
    ("$o = [pscustomobject]@{Name = 'vm1'; Size = 2}; $o.name; $o.Size; $o.none", ["vm1", 2, None]),
    ("$o = [pscustomobject]@{a = 1}; $o.a = 5; $o.a", [5]),
    (
        "$o = [pscustomobject]@{a = 1}; $o.b = 5",
        [],
        "The property 'b' cannot be found on this object. Verify that the property exists and can be set.",
    ),
    ("$x = 'abc'; $x.Length = 5", [], "'Length' is a ReadOnly property."),
    ("$null.x; $n.y.z", [None, None]),
    (
        "$null.x = 1",
        [],
        "The property 'x' cannot be found on this object. Verify that the property exists and can be set.",
    ),
    ("$all = [pscustomobject]@{n = 1}, [pscustomobject]@{n = 2}; $all.n", [1, 2]),
    ("$all = @{t = 1, 2}, @{t = 3}; $all.t", [1, 2, 3]),
    ("([pscustomobject]@{n = 1}, [pscustomobject]@{m = 2}).m", [2]),
    ("([pscustomobject]@{a = 1; b = 2}).PSObject.Properties.Name", ["a", "b"]),
    ("$o = [pscustomobject]@{a = 1}; $o.PSObject.Properties['a'].Value", [1]),
    ("[pscustomobject]@{a = 1} -is [pscustomobject]", [True]),
    ("$h = @{a = 1}; $c = $h.Clone(); $c.a = 2; $h.a", [1]),
    ("@{a = 1}[$null]", [], "Index operation failed; the array index evaluated to null."),
]

# about_Type_Conversion, about_Type_Accelerators, about_Methods
TYPES: list[Row] = [
    ("[int]'42'; [int]3.5; [int]2.5; [int]'0x10'; [int]$null; [int]$true", [42, 4, 2, 16, 0, 1]),
    (
        "[long]1 -is [int]; (5L).GetType().Name; ([long]1 + 1).GetType().Name; [int][long]1 -is [int]",
        [False, "Int64", "Int64", True],
    ),
    ("[long]2147483647 + 1; (2147483648 - 1).GetType().Name; '{0:X}' -f -1L", [2147483648, "Int64", "F" * 16]),
    ("[int]'x'", [], NOT_A_NUMBER),
    (
        "[int]'3000000000'",
        [],
        cannot("3000000000", "Int32", "Value was either too large or too small for an Int32."),
    ),
    ("[long]'3000000000'; [double]'1.5'; [decimal]2", [3000000000, 1.5, 2.0]),
    (
        "[int]@{}",
        [],
        f'Cannot convert the "{TABLE}" value of type "{TABLE}" to type "System.Int32".',
    ),
    ("[string]5; [string]$null; [string](1, 2); [string]$true", ["5", "", "1 2", "True"]),
    ("[char]65; [int][char]'A'; 'b'[0] -eq 'B'", ["A", 65, True]),
    (
        "[byte]300",
        [],
        cannot("300", "Byte", "Value was either too large or too small for an unsigned byte."),
    ),
    (
        "[datetime]'nope'",
        [],
        cannot("nope", "DateTime", "String 'nope' was not recognized as a valid DateTime."),
    ),
    ("([datetime]'2026-11-23').Year; ([datetime]'11/23/2026').Day; ([datetime]'23 Nov 2026').Month", [2026, 23, 11]),
    ("([timespan]'1.02:03:04').TotalHours; ([timespan]'00:01:30').TotalSeconds", [93784 / 3600, 90.0]),
    ("[guid]'0F8FAD5B-D9CB-469F-A165-70867728950E'", ["0f8fad5b-d9cb-469f-a165-70867728950e"]),
    (
        "([uri]'https://a.blob.core.windows.net/c/x.vhd').Host; ([uri]'https://h/p/q').AbsolutePath",
        ["a.blob.core.windows.net", "/p/q"],
    ),
    ("([version]'1.2.3').Minor", [2]),
    (
        "(5).GetType().Name; 'x'.GetType().FullName; (1.5).GetType().Name; $true.GetType().Name",
        ["Int32", "System.String", "Double", "Boolean"],
    ),
    ("@(1).GetType().Name; @{}.GetType().Name; (Get-Date).GetType().Name", ["Object[]", "Hashtable", "DateTime"]),
    ("(5).GetType() -eq [int]; [int].Name; [int].FullName", [True, "Int32", "System.Int32"]),
    ("[int]$n = '5'; $n + 1; $n = '7'; $n + 1", [6, 8]),
    ("[int]$n = 1; $n = 'x'", [], NOT_A_NUMBER),
    ("[string]$s = 5; $s + 1", ["51"]),
    ("[System.Int32]'5'; [System.String]5; [Int32]'6'", [5, "5", 6]),
    (
        "[ref]$x; [xml]'<a/>'",
        [],
        "\n".join(
            map(not_here, ("The type [System.Management.Automation.PSReference]", "The type [System.Xml.XmlDocument]"))
        ),
    ),
    ("[nothing]'5'", [], "Unable to find type [nothing]."),
    (
        "[System.IO.File]::ReadAllText('x')",
        [],
        not_here("[System.IO.File]::ReadAllText()"),
    ),
    ("[switch]$true; [bool]5", [True, True]),
    ("[void](1 + 1); 'only'", ["only"]),
    ("5 -as [string]", ["5"]),
]

# .NET: String, Math, DateTime
METHODS: list[Row] = [
    ("'Ab'.ToUpper(); 'Ab'.ToLower(); ' x '.Trim(); 'xxaxx'.Trim('x'); 'a/'.TrimEnd('/')", ["AB", "ab", "x", "a", "a"]),
    ("'a/b/c'.Split('/'); 'a,b;c'.Split(',', ';').Count; 'a/b/c'.Split('/')[-1]", ["a", "b", "c", 3, "c"]),
    ("'hello'.Replace('l', 'L'); 'hello'.Substring(1, 3); 'hello'.Substring(2)", ["heLLo", "ell", "llo"]),
    (
        "'hello'.Contains('ell'); 'hello'.StartsWith('he'); 'hello'.EndsWith('x'); 'hello'.IndexOf('l')",
        [True, True, False, 2],
    ),
    (
        "'7'.PadLeft(3, '0'); 'ab'.PadRight(4) + '|'; 'ac'.Insert(1, 'b'); 'abc'.Remove(1, 1)",
        ["007", "ab  |", "abc", "ac"],
    ),
    (
        "'abc'.Substring(5)",
        [],
        calling("Substring", 1, "startIndex cannot be larger than length of string. (Parameter 'startIndex')"),
    ),
    (
        "'abc'.Nothing()",
        [],
        "Method invocation failed because [System.String] does not contain a method named 'Nothing'.",
    ),
    ("'abc'.Substring()", [], 'Cannot find an overload for "Substring" and the argument count: "0".'),
    ("$null.ToString(); $n.Trim()", [], f"{ON_NULL}\n{ON_NULL}"),
    (
        "(5).ToString(); (1234.5).ToString('N1'); (255).ToString('X4'); $true.ToString()",
        ["5", "1,234.5", "00FF", "True"],
    ),
    (
        "([datetime]'2026-01-31').AddMonths(1).ToString('yyyy-MM-dd'); ([datetime]'2026-11-23').AddDays(-1).Day",
        ["2026-02-28", 22],
    ),
    (
        "([datetime]'2026-11-23').DayOfWeek; ([datetime]'2026-11-23').ToString('ddd d MMM yyyy')",
        ["Monday", "Mon 23 Nov 2026"],
    ),
    ("(([datetime]'2026-11-23') - ([datetime]'2026-11-20')).TotalDays", [3.0]),
    ("[datetime]::Now.ToString('h:mm tt'); ([datetime]'2026-01-01 00:05').ToString('t')", ["12:00 PM", "12:05 AM"]),
    ("[datetime]::UtcNow.ToString('s'); [datetime]::Now.Year", ["2026-11-23T12:00:00", 2026]),
    ("[math]::Round(2.5); [math]::Round(3.14159, 2); [math]::Floor(2.7); [math]::Ceiling(2.1)", [2.0, 3.14, 2.0, 3.0]),
    (
        "[math]::Max(3, 7); [math]::Min(3, 7); [math]::Abs(-4); [math]::Pow(2, 10); [math]::Sqrt(9)",
        [7, 3, 4, 1024.0, 3.0],
    ),
    (
        "[string]::IsNullOrEmpty(''); [string]::IsNullOrWhiteSpace(' '); [string]::IsNullOrEmpty('x')",
        [True, True, False],
    ),
    (
        "[string]::Join(',', 1, 2); [string]::Join('-', @('a', 'b')); [string]::Format('{0}!', 'x')",
        ["1,2", "a-b", "x!"],
    ),
    (
        "[guid]::NewGuid(); [guid]::NewGuid()",
        ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"],
    ),
    ("[int]::MaxValue; [long]::MaxValue; [int]::MinValue", [2147483647, 9223372036854775807, -2147483648]),
    (
        "[convert]::ToInt32('12'); [convert]::ToString(5); [convert]::ToBase64String((104, 105))",
        [12, "5", "aGk="],
    ),
    ("[int]::Parse('12'); [datetime]::Parse('2026-11-23').Month", [12, 11]),
    (
        "[regex]::Matches('a1b2', '\\d').Value; [regex]::Replace('a1', '\\d', 'x'); [regex]::Escape('a.b')",
        ["1", "2", "ax", "a\\.b"],
    ),
    (
        "[math]::Nothing(1)",
        [],
        not_here("[math]::Nothing()"),
    ),
    ("[System.Uri]::EscapeDataString('a b/c'); [environment]::NewLine", ["a%20b%2Fc", "\n"]),
    (
        "[timespan]::FromDays(1e12)",
        [],
        calling("FromDays", 1, "TimeSpan overflowed because the duration is too long."),
    ),
    ('[timespan]::FromMinutes(90).TotalHours; "$([timespan]::FromMinutes(90))"', [1.5, "01:30:00"]),
    ("'a'.CompareTo('b'); (5).CompareTo(3); 'a'.Equals('a'); 'a'.Equals('A')", [-1, 1, True, False]),
    ("{ 1 + 1 }.Invoke()", [2]),
    (
        "'x' | Get-Member Sub* | % Name; @{} | Get-Member ContainsK* | % MemberType; { 1 } | gm I* | % Name",
        ["Substring", "Method", "Invoke"],
    ),
    ("[char[]]'abc' -join '-'; 'abc'.ToCharArray().Count", ["a-b-c", 3]),
    ("$d = [datetime]'2026-11-23'; $d.ToString(); \"$d\"", ["11/23/2026 12:00:00 AM", "11/23/2026 00:00:00"]),
    ("[datetime]::ParseExact('20260102 0304', 'yyyyMMdd HHmm', $null).ToString('s')", ["2026-01-02T03:04:00"]),
    ("([datetime]'2026-11-23').ToString('yyyy gg')", [], not_here("The date format 'gg'")),
    (
        "Get-Date -UFormat '%Y-%U'; Get-Date -UFormat '%W'",
        [],
        "\n".join(not_here(f"The date format '%{w}'") for w in "UW"),
    ),
    ("[datetime]::ParseExact('2026 A.D.', 'yyyy gg', $null)", [], not_here("Reading 'gg' in a date")),
    (
        "[datetime]::ParseExact('x', 'yyyy', $null)",
        [],
        calling("ParseExact", 3, "String 'x' was not recognized as a valid DateTime."),
    ),
    (
        "$w = [Diagnostics.Stopwatch]::StartNew(); Start-Sleep 90; $w.Stop(); Start-Sleep 9; $w.Elapsed.TotalMinutes",
        [1.5],
    ),
    (
        "$w = [System.Diagnostics.Stopwatch]::StartNew(); Start-Sleep 2; $w.ElapsedMilliseconds; $w.IsRunning",
        [2000, True],
    ),
    (
        "$d = [datetime]'2026-11-23'; $d.Add('1.00:00').Day; $d.Subtract([datetime]'2026-11-20').Days",
        [24, 3],
    ),
    ("([datetime]'2026-11-23' + [timespan]'02:00').Hour; ([timespan]'01:00' - '00:30').TotalMinutes", [2, 30.0]),
    ("[timespan]'01:00' -gt '00:30'; [timespan]'01:00' -eq '01:00'; [version]'1.2' -eq '1.2'", [True, True, True]),
    ("[datetime]'2026-01-02' -eq '2026-01-02'; $true -gt $false; 1 -eq '1.0'", [True, True, True]),
    ("'{0:hh\\:mm\\:ss} {0:c}' -f [timespan]'01:02:03'; (Get-Date).ToString('HH K zzz')", TIMES),
    ("$l = [Collections.ArrayList]@(); $l.AddRange((1, 2)); $l.Insert(9, 1); $l.Count", [2], calling("Insert", 2, OUT)),
    ("$h = @{a = 1}; $h['x', 'a'].Count; $h.Clear(); $h.Count", [2, 0]),
    (
        "'a,,b'.Split(',', [StringSplitOptions]::RemoveEmptyEntries).Count; 'aXb'.StartsWith('AX', $true, $null)",
        [2, True],
    ),
    (
        "'aXb'.Replace('x', '-', 'OrdinalIgnoreCase'); 'aXb'.IndexOf('x', [StringComparison]::OrdinalIgnoreCase)",
        ["a-b", 1],
    ),
    (
        "$ErrorActionPreference = [Management.Automation.ActionPreference]::Stop; try { Write-Error a; 1 } catch {2}",
        [2],
    ),
    ("$VerbosePreference -eq [System.Management.Automation.ActionPreference]::SilentlyContinue", [True]),
    ("[math]::Round(2.5, [MidpointRounding]::AwayFromZero); [math]::Pow(0, -1)", [3.0, math.inf]),
    (
        "[convert]::FromBase64String('aGk=').Count; [bool]::Parse('true'); [datetime]::new(2026, 11, 23).Day",
        [2, True, 23],
    ),
    ("[regex]::IsMatch('Abc', 'b'); [regex]::Match('a12', '\\d+').Value", [True, "12"]),
    (
        "[int[]]::new(3); [string]::Concat('a', 'b'); 'a'.GetHashCode()",
        [],
        "\n".join(map(not_here, ("Making a [System.Int32[]]", "[string]::Concat()", "GetHashCode()"))),
    ),
    ("$e = [System.Text.Encoding]::UTF8; $e.GetString($e.GetBytes('hé')); $e.GetBytes('é').Count", ["hé", 2]),
    ("[convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes('a'))", ["YQA="]),
]
