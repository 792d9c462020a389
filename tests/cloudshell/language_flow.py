"""What PowerShell 7 does, as data: statements, pipelines, functions, scopes, errors. Rows as in ``language``.

Sources: Microsoft Learn, the about_ topics named at each table.
"""

from collections.abc import Sequence

from tests.cloudshell.language import NOT_A_NUMBER, ON_NULL, Row, unknown

NOT_A_COMMAND = (
    "The expression after '&' in a pipeline element produced an object that was not valid. It must result in a command "
    "name, a script block, or a CommandInfo object."
)
ZERO = "Attempted to divide by zero."

# about_If, about_Switch
NOT_FILLED = (
    "Cannot validate argument on parameter 'x'. The argument is null or empty. Provide an argument that is not null or "
    "empty, and then try the command again."
)
ABOVE = (
    "Cannot validate argument on parameter 'x'. The 11 argument is greater than the maximum allowed range of 10. "
    "Supply an argument that is less than or equal to 10 and then try the command again."
)
NOT_THE_PATTERN = (
    'Cannot validate argument on parameter \'x\'. The argument "db1" does not match the "^web\\d+$" pattern. '
    'Supply an argument that matches "^web\\d+$" and try the command again.'
)
BELOW = (
    "Cannot validate argument on parameter 'x'. The 0 argument is less than the minimum allowed range of 1. Supply an "
    "argument that is greater than or equal to 1 and then try the command again."
)

NO_ANSWER = (
    'Cannot process argument transformation on parameter \'On\'. Cannot convert value "{}" to type "System.Boolean". '
    "Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0."
)

CHOICES: list[Row] = [
    ("if (1 -eq 1) { 'yes' }", ["yes"]),
    ("if ($false) { 'a' } elseif (1) { 'b' } else { 'c' }", ["b"]),
    ("if ($null) { 'a' } else { 'c' }", ["c"]),
    ("$x = if ($true) { 1; 2 }; $x.Count", [2]),
    ("if (1 / 0) { 'a' }; 'next'", ["next"], ZERO),
    ("$x = if (0) { 1 }\nelse { 2 }; $x", [2]),
    ("$x = if (0) { 1 } # no\n\n<# nor #> elseif (0) { 2 }\r\nelse { 3 }; $x", [3]),
    ("$x = try { throw 'a' }\ncatch { \"$_\" }\nfinally { 'z' }; $x", ["a", "z"]),
    ("@{ a = if (0) { 1 }\n  else { 2 } }.a", [2]),
    ("$t = @{ try = { 1 }\n  catch = { 2 } }; & $t.catch", [2]),
    ("$x =if (0) { 1 }\nelseif\n(0) { 2 }\nelse { 3 }; $x", [3]),
    ("$x += try { throw 1 }\ncatch [System.Exception], [Other]\n{ 4 }; $x", [4]),
    ("$x = if (1) { 2 }; switch ('q') { 'q' { 1 }\n else { 2 } }; $x", [1, 2]),
    ("$x = if (1) { 2 }; & { 5 }\nelse { 3 }; $x", [5, 2], unknown("else")),
    ("switch (2) { 1 { 'one' } 2 { 'two' } 2 { 'again' } }", ["two", "again"]),
    ("switch (2) { 2 { 'two'; break } 2 { 'again' } }", ["two"]),
    ("switch (9) { 1 { 'one' }\ndefault { 'other' } }", ["other"]),
    ("switch (1, 2, 3) { 2 { 'two' }\ndefault { $_ } }", [1, "two", 3]),
    ("switch (1, 2, 3) { 2 { continue }\ndefault { $_ } }", [1, 3]),
    ("switch -Wildcard ('vm12') { 'vm*' { \"w $_\" } 'db*' { 'no' } }", ["w vm12"]),
    ("switch -Regex ('a12') { '(\\d+)' { $Matches[1] } }", ["12"]),
    ("switch ('ABC') { 'abc' { 'found' } }", ["found"]),
    ("switch -CaseSensitive ('ABC') { 'abc' { 'found' }\ndefault { 'none' } }", ["none"]),
    ("switch (5) { { $_ -gt 3 } { 'big' } { $_ -lt 9 } { 'small' } }", ["big", "small"]),
    ("$r = switch ('x') { 'x' { 1 } }; $r", [1]),
    ("switch (@()) { default { 'never' } }", []),
]

# about_Foreach, about_For, about_While, about_Do, about_Break, about_Continue
LOOPS: list[Row] = [
    ("foreach ($i in 1..3) { $i * 2 }", [2, 4, 6]),
    ("foreach ($i in $null) { 'never' }", []),
    ("foreach ($i in @($null)) { 'once' }", ["once"]),
    ("foreach ($i in 5) { $i }; $i", [5, 5]),
    ("foreach ($c in 'abc') { $c }", ["abc"]),
    ("foreach ($i in 1..9) { if ($i -eq 2) { continue }; if ($i -eq 4) { break }; $i }", [1, 3]),
    ("for ($i = 0; $i -lt 3; $i++) { $i }", [0, 1, 2]),
    ("for (;;) { $n++; if ($n -gt 2) { break } }; $n", [3]),
    ("$i = 0; while ($i -lt 3) { $i++ }; $i", [3]),
    ("$i = 5; do { $i++ } while ($i -lt 3); $i", [6]),
    ("do { $i++ } until ($i -ge 3); $i", [3]),
    (
        ':outer foreach ($i in 1..3) { foreach ($j in 1..3) { if ($j -eq 2) { continue outer }; "$i$j" } }',
        ["11", "21", "31"],
    ),
    (":outer foreach ($i in 1..3) { foreach ($j in 1..3) { if ($i -eq 2) { break outer }; $j } }", [1, 2, 3]),
    ("$a = foreach ($i in 1..3) { $i }; $a.Count", [3]),
    ("$a = foreach ($i in 1..1) { $i }; $a.GetType().Name", ["Int32"]),
    ("$a = foreach ($i in @()) { $i }; $null -eq $a", [True]),
    ("foreach ($p in @{a = 1; b = 2}.Keys) { $p }", ["a", "b"]),
    ("foreach ($i in 1..3) { 1 / 0; $i }", [1, 2, 3], f"{ZERO}\n{ZERO}\n{ZERO}"),
    ("break; 'never'", []),
]

# about_Pipelines, about_Variables, "Everything you wanted to know about $null"
PIPELINES: list[Row] = [
    ("1..3 | ForEach-Object { $_ + 1 }", [2, 3, 4]),
    ("1..5 | Where-Object { $_ % 2 } | ForEach-Object { $_ * 10 }", [10, 30, 50]),
    ("1..5 | % { $_ } | ? { $_ -ge 4 }", [4, 5]),
    ("1..100000 | Select-Object -First 2", [1, 2]),
    ("& { 1; Write-Host 'made 2'; 2; Write-Host 'made 3'; 3 } | Select-Object -First 1", [1]),
    ("$n = 0; 1..3 | ForEach-Object { $n += $_ }; $n", [6]),
    ('@(1, @(2, 3)) | ForEach-Object { "[$_]" }', ["[1]", "[2 3]"]),
    (", (1, 2) | ForEach-Object { $_.Count }", [2]),
    ("$null | ForEach-Object { 'once' }", ["once"]),
    ("@() | ForEach-Object { 'never' }", []),
    ("$none = & { }; $none | ForEach-Object { 'never' }; $null -eq $none", [True]),
    ("@{a = 1; b = 2} | ForEach-Object { $_.Count }", [2]),
    ("'abc' | ForEach-Object { $_.Length }", [3]),
    ('1, 2 | ForEach-Object { $_; $_ } | ForEach-Object { "<$_>" }', ["<1>", "<1>", "<2>", "<2>"]),
    ("1..3 | ForEach-Object { if ($_ -eq 2) { return }; $_ }", [1, 3]),
    ("foreach ($x in 1..2) { 1..9 | ForEach-Object { if ($_ -eq 2) { break }; $_ } }; 'end'", [1, "end"]),
    ("1..2 | ForEach-Object { 3..4 | ForEach-Object { $_ } ; $_ }", [3, 4, 1, 3, 4, 2]),
    ("1, 2, 3 | ForEach-Object -Begin { 'b' } -Process { $_ } -End { 'e' }", ["b", 1, 2, 3, "e"]),
    ("(1, 2 | ForEach-Object { $_ }).Count", [2]),
    ("$x = 5; $x | ForEach-Object { $PSItem }", [5]),
    ("1, 2 | ForEach-Object { $_ = 5; $_ }; $null -eq $_", [5, 5, True]),
    ("3, 1, 2 | Sort-Object", [1, 2, 3]),
    ("'a', 'b' | ForEach-Object ToUpper", ["A", "B"]),
    ("[pscustomobject]@{n = 1}, [pscustomobject]@{n = 2} | Where-Object n -eq 2 | ForEach-Object n", [2]),
    ("1 | Out-Null; $null = 5; [void](7)", []),
    ("$x = 1, 2, 3 | ForEach-Object { $_ }; $x.Count; ($x | Select-Object -Last 1)", [3, 3]),
    ("5 | Select-Object @{n = 'a'; e = { process { throw 'x' } }} | ForEach-Object { $null -eq $_.a }", [True]),
    ("5 | Select-Object @{n = 'a'; e = { begin { 1 / 0 } end { $_ } }} | ForEach-Object a", [5]),
    ("'q'\n| ForEach-Object { $_ }", ["q"]),
    ("$x = 'a/b'; Write-Output $x.Split('/')[-1] $x.ToUpper().Length (Get-Date).Date.AddDays(1).Hour", ["b", 3, 0]),
    ("1 `\n + 1 # said\n<# not\nsaid #> 2", [2, 2]),
    ("$(1; 2) | ForEach-Object { $_ }", [1, 2]),
    ("@(1; 2; 3).Count", [3]),
    ("$x = $(); $null -eq $x", [True]),
    ("($x = 5); $x", [5, 5]),
]

# about_Functions, about_Functions_Advanced_Parameters, about_Script_Blocks, about_Splatting, about_Return
FUNCTIONS: list[Row] = [
    ("function F { 'in'; return 5; 'never' }\nF", ["in", 5]),
    ("function Add($a, $b) { $a + $b }; Add 1 2; Add -b 1 -a 2; Add 1", [3, 3, 1]),
    ("function F { param([int]$A) $A * 2 }; F '4'; F", [8, 0]),
    ("function F { [CmdletBinding()]\nparam\n(\n[Parameter(Mandatory)] # so\n[int] $a\n)\n$a }\nF 1", [1]),
    ("& { [CmdletBinding()] param # so\n($a) $a } 1; & { param\n($a) $a } 2", [1, 2]),
    ('& { "$args" } param\n(1 + 2); $a = 5, 6; & { "$args" } $a[0] param\n(1 + 2)', ["param", 3, "5 param", 3]),
    ("function F([long]$n) { $n.GetType().Name }; F; F 5", ["Int64", "Int64"]),
    ('function F { param($a = 5, $b = ($a + 1)) "$a $b" }; F; F 1; F -b 2', ["5 6", "1 2", "5 2"]),
    ("function F([int]$n) { $n }; F x", [], "Cannot process argument transformation on parameter 'n'. " + NOT_A_NUMBER),
    ("function F { $args.Count; $args[0] }; F a b c", [3, "a"]),
    ("function F($x) { $args }; F 1 2 3", [2, 3]),
    ("function F { param([bool]$On = 'x') $On }; F; F $false; F -On 1", [True, False, True]),
    (
        "function F { param([bool]$On) $On }; F '$false'; F -On (1, 2)",
        [],
        f"{NO_ANSWER.format('System.String')}\n{NO_ANSWER.format('System.Object[]')}",
    ),
    ("function F { param([switch]$Force) $Force }; F; F -Force; F -Force:$false", [False, True, False]),
    ('function F { param([Parameter(Mandatory)][string]$Name) "hi $Name" }; F -Name bob; F bob', ["hi bob", "hi bob"]),
    ("function F { param([ValidateSet('a', 'b')][string]$x) $x }; F A", ["a"]),
    ("function F { param([ValidateNotNullOrEmpty()]$x = 1) $x }; F; F ''", [1], NOT_FILLED),
    ("function F { param([ValidateRange(-1, 10)][int]$x) $x }; F -1; F 11", [-1], ABOVE),
    ("function F { param([ValidateRange(1, 10)][int]$x) $x }; F 10; F 0", [10], BELOW),
    (
        "function F { param([ValidateRange(1, 5000000)][int]$x) $x }; F 5000001",
        [],
        ABOVE.replace("The 11 ", "The 5000001 ").replace("10", "5000000"),
    ),
    (
        "function F { param([ValidatePattern('^web\\d+$')][string]$x) $x }; F WEB1; F 'db1'",
        ["WEB1"],
        NOT_THE_PATTERN,
    ),
    (
        "function F { param([Parameter(Mandatory)][string]$x) $x }; F ''",
        [],
        "Cannot bind argument to parameter 'x' because it is an empty string.",
    ),
    (
        "function F { param([string]$Name, [string]$Group) \"$Group/$Name\" }; $p = @{Name = 'n'; Group = 'g'}; F @p",
        ["g/n"],
    ),
    ('function F { "$args" }; $a = 1, 2; F @a', ["1 2"]),
    ('function F { param($Name) "$Name" }; F -Na x', ["x"]),
    ('function F { process { "<$_>" } }; 1, 2 | F', ["<1>", "<2>"]),
    ("function F { begin { 'b' } process { $_ } end { 'e' } }; 1, 2 | F; F", ["b", 1, 2, "e", "b", None, "e"]),
    ("function F { param([Parameter(ValueFromPipeline)]$x) process { $x * 2 } }; 1, 2 | F; F 5", [2, 4, 10]),
    (
        "filter F { param([Parameter(Mandatory, ValueFromPipelineByPropertyName)]$N) $N }; @{N = 'a'}, @{N = 'b'} | F",
        ["a", "b"],
    ),
    (
        "function F { [CmdletBinding(SupportsShouldProcess)] param() if ($PSCmdlet.ShouldProcess(1)) { 1 } }; F; F -Wh",
        [1],
    ),
    (
        "function F { [CmdletBinding()] param() $VerbosePreference; $ErrorActionPreference }; F -Verbose -EA Stop; F",
        ["Continue", "Stop", "SilentlyContinue", "Continue"],
    ),
    ('function F([switch]$AsJob) { "$AsJob" }; F -AsJob', ["True"]),
    ('function F([switch]$WhatIf) { "$WhatIf $WhatIfPreference" }; F -WhatIf', ["True False"]),
    ('function F([switch]$Confirm) { "$Confirm $ConfirmPreference" }; F -Confirm', ["True High"]),
    # A simple function has no common parameters: what is no parameter of its own is an argument.
    ('function F { "$args" }; F -Verbose; F -ErrorAction Stop', ["-Verbose", "-ErrorAction Stop"]),
    ('function F($a) { "$a|$args" }; F -Verbose 3 4', ["3|-Verbose 4"]),
    ('function F([Parameter()]$a) { "$a $VerbosePreference" }; F 3 -Verbose', ["3 Continue"]),
    (
        'function F { param([Parameter(HelpMessage="x")]$a) "$a" }; F 3 4',
        [],
        "A positional parameter cannot be found that accepts argument '4'.",
    ),
    ('function F([switch]$Verbose) { "$Verbose $VerbosePreference" }; F -Verbose', ["True SilentlyContinue"]),
    ('function F($ErrorAction) { "$ErrorAction $ErrorActionPreference" }; F -ErrorAction 3', ["3 Continue"]),
    ('$q = 1; function F($OutVariable, $ErrorVariable) { "$OutVariable" }; F q q; $q', ["q", 1]),
    ("function F { $input | ForEach-Object { $_ * 2 } }; 1, 2 | F", [2, 4]),
    ("function F { return }; $null -eq (F)", [True]),
    ("function F { return 1, 2 }; (F).Count; function G { return , (1, 2) }; (G).Count", [2, 2]),
    ("function F($n) { if ($n -le 1) { return 1 }; $n * (F ($n - 1)) }; F 10", [3628800]),
    ("function F { F }; try { F } catch { 'deep' }", ["deep"]),
    ("& { param($x) $x + 1 } 4", [5]),
    ('$b = { param($x) "<$x>" }; & $b 1; $b.Invoke(2); . $b 3', ["<1>", "<2>", "<3>"]),
    ("$name = 'Write-Output'; & $name 5", [5]),
    (
        "& 5",
        [],
        NOT_A_COMMAND,
    ),
    ("function F { $MyInvocation.MyCommand.Name }; F", ["F"]),
    ("function F { param($a, $b) $PSBoundParameters.Keys }; F -b 1", ["b"]),
    ("function F { function G { 'inner' }; G }; F; G", ["inner"], unknown("G")),
    ("function global:F { 1 }; F", [1]),
    ("Set-Nothing -x 1", [], unknown("Set-Nothing")),
    ("F; function F { 1 }", [], unknown("F")),
    ("function F { param([string[]]$n) $n.Count }; F a, b, c; F a", [3, 1]),
    ("function F { param([hashtable]$t) $t.a }; F @{a = 1}; F -t @{a = 2}", [1, 2]),
    ("function F { param([scriptblock]$s) & $s }; F { 'ran' }", ["ran"]),
    ("filter F { $_ * 2 }; 1, 2 | F", [2, 4]),
]

# about_Scopes, about_Automatic_Variables, about_Environment_Variables
SCOPES: list[Row] = [
    ("$x = 1; function F { $x; $x = 2; $x }; F; $x", [1, 2, 1]),
    ("$x = 1; function F { $script:x = 2; $global:y = 3 }; F; $x; $y", [2, 3]),
    ("function F { $local = 1; G }; function G { $local }; F", [1]),
    ("$x = 1; & { $x = 2 }; $x; . { $x = 3 }; $x", [1, 3]),
    ("$x = 1; if ($true) { $x = 2 }; $x", [2]),
    ("$X = 1; $x", [1]),
    ("${a b} = 1; ${a b}", [1]),
    ("$env:USER; $env:NEW = 'v'; $env:NEW; $env:NONE", ["ada", "v", None]),
    ("$env:A = 'x'; \"$env:A-$($env:A)\"; $env:A = $null; $null -eq $env:A", ["x-x", True]),
    ("$true = 5", [], "Cannot overwrite variable true because it is read-only or constant."),
    ("$null = 5; $null", [None]),
    ("$none", [None]),
    ("$HOME; $PSVersionTable.PSVersion.Major; $IsLinux", ["/home/ada", 7, True]),
    ("$?; 1 / 0; $?; $?", [True, False, True], ZERO),
    ("$global:g = 1; $g; $script:g", [1, 1]),
    ("function F { param($p) $p = 5; $p }; $p = 1; F 2; $p", [5, 1]),
    ("1..2 | ForEach-Object { $y = $_ }; $y", [2]),
    ("$ErrorActionPreference", ["Continue"]),
    ("$x = 1; function F { $private:x = 9; G }; function G { $x }; G", [1]),
]

# about_Try_Catch_Finally, about_Throw, about_Preference_Variables, about_Error_Handling
ERRORS: list[Row] = [
    ("try { 1 / 0 } catch { \"caught $_\" }; 'on'", [f"caught {ZERO}", "on"]),
    ("try { 'a'; throw 'bad'; 'never' } catch { $_.Exception.Message } finally { 'fin' }", ["a", "bad", "fin"]),
    ("try { 'ok' } catch { 'no' } finally { 'fin' }", ["ok", "fin"]),
    ("try { 1 / 0 } finally { 'fin' }; 'on'", ["fin", "on"], ZERO),
    ("try { 1 / 0 } catch [System.DivideByZeroException] { 'zero' } catch { 'other' }", ["zero"]),
    ("try { 1 / 0 } catch [System.ArithmeticException] { 'base' }", ["base"]),
    ("try { No-Such } catch [System.Management.Automation.RuntimeException] { 'base' }", ["base"]),
    ("try { throw 'x' } catch [System.DivideByZeroException] { 'zero' } catch { 'other' }", ["other"]),
    ("try { No-Such } catch [System.Management.Automation.CommandNotFoundException] { 'none' }", ["none"]),
    ("try { [int]'x' } catch [System.Exception] { $_.Exception.Message }", [NOT_A_NUMBER]),
    (
        "try { throw [System.ArgumentException]::new('arg') } catch [ArgumentException] { $_.Exception.Message }",
        ["arg"],
    ),
    (
        "try { throw 'x' } catch { $_.FullyQualifiedErrorId; $_.CategoryInfo.Category; $_.TargetObject }",
        ["x", "OperationStopped", "x"],
    ),
    ("try { throw 'x' } catch { $_.Exception.GetType().FullName }", ["System.Management.Automation.RuntimeException"]),
    ("\ntry { 1 / 0 } catch { $_.InvocationInfo.ScriptLineNumber }", [2]),
    ("try { try { throw 'in' } finally { 'f1' } } catch { \"out $_\" }", ["f1", "out in"]),
    ("try { try { throw 'a' } catch { throw 'b' } } catch { \"$_\" }", ["b"]),
    ("try { try { throw 'a' } catch { throw } } catch { \"again $_\" }", ["again a"]),
    ("function F { throw 'deep' }; try { F } catch { \"$_\" }", ["deep"]),
    ("function F { 1 / 0; 'after' }; F; try { F } catch { 'caught' }", ["after", "caught"], ZERO),
    ("1..3 | ForEach-Object { try { if ($_ -eq 2) { throw 'two' }; $_ } catch { \"no $_\" } }", [1, "no two", 3]),
    ('foreach ($i in 1..3) { try { if ($i -eq 2) { continue }; $i } finally { "f$i" } }', [1, "f1", "f2", 3, "f3"]),
    ("function F { try { return 1 } finally { Write-Host 'fin' } }; F", [1]),
    ("$ErrorActionPreference = 'Stop'; try { No-Such } catch { 'stopped' }", ["stopped"]),
    ("$ErrorActionPreference = 'SilentlyContinue'; 1 / 0; $Error[0].Exception.Message; $?", [ZERO, True]),
    ("1 / 0; $Error.Count; $Error[0].Exception.Message", [1, ZERO], ZERO),
    ("try { 1 / 0 } catch { }; $Error.Count", [1]),
    ("function f { Write-Error soft; $? }; f; $?", [False, True], "soft"),
    ("Write-Error soft -EA 0; $?; $Error.Count; try { Write-Error hard -ErrorAction 1 } catch { 2 }", [False, 1, 2]),
    ("Write-Error 'soft'; 'on'; $?", ["on", True], "soft"),
    ("try { Write-Error 'soft'; 'on' } catch { 'no' }", ["on"], "soft"),
    ("try { Write-Error 'hard' -ErrorAction Stop; 'no' } catch { \"$_\" }", ["hard"]),
    ("Write-Error 'x' 2>$null; 'on'", ["on"]),
    ("Write-Error 'x' -ErrorAction SilentlyContinue; $Error.Count", [1]),
    ("$r = Write-Error 'x' 2>&1; \"$r\"; $r.GetType().Name", ["x", "ErrorRecord"]),
    ("Write-Output 1 > $null; Write-Output 2 *> $null; 3", [3]),
    ("function F { Write-Error 'in'; 'out' }; F 2>$null", ["out"]),
    ("$x = No-Such 2>$null; 'on'; $Error.Count", ["on", 1]),
    ("try { No-Such 2>$null } catch { 'caught' }", ["caught"]),
    ("$e = No-Such 2>&1; $e.FullyQualifiedErrorId", ["CommandNotFoundException"]),
    ("function F { Write-Warning 'w'; 1 }; $r = F 3>&1; \"$r\"", ["w 1"]),
    ("$x = try { 5 } catch { 6 }; $x", [5]),
    ("$null.Trim(); 'on'", ["on"], ON_NULL),
    ("try { $null.Trim() } catch [System.Management.Automation.RuntimeException] { 'null' }", ["null"]),
    ("throw [pscustomobject]@{a = 1}", []),
]

# what ends a script: source, output, the message or exit code it ends with
ENDS: list[tuple[str, Sequence[object], str | int]] = [
    ("'a'; throw 'bad'; 'never'", ["a"], "bad"),
    ("throw", [], "ScriptHalted"),
    ("'a'; exit 3; 'never'", ["a"], 3),
    ("exit", [], 0),
    ("function F { exit 4 }; try { F } finally { 'fin' }; 'never'", ["fin"], 4),
    ("$ErrorActionPreference = 'Stop'; 'a'; 1 / 0; 'never'", ["a"], ZERO),
    ("$ErrorActionPreference = 'Stop'; No-Such; 'never'", [], unknown("No-Such")),
    ("$ErrorActionPreference = 'Stop'; Write-Error 'soft'; 'never'", [], "soft"),
    ("try { throw 'x' } catch [System.DivideByZeroException] { 'no' }", [], "x"),
    ("function F { throw 'deep' }; F; 'never'", [], "deep"),
    ("function F($n) { if ($n) { F ($n - 1) } else { 'end' } }; F 150; exit 7", ["end"], 7),
    ("function F($n) { if ($n) { F ($n - 1) } }; F 201", [], "The script failed due to call depth overflow."),
    ("function F { F }; F; 'never'", [], "The script failed due to call depth overflow."),
    ("function F { (1..3).ForEach({ F }) }; F", [], "The script failed due to call depth overflow."),
    ("@('x' * 1MB) * 9 -join ''", [], "Insufficient memory to continue the execution of the program."),
    ("$s = 'ab'; while ($true) { $s += $s }", [], "Insufficient memory to continue the execution of the program."),
]
