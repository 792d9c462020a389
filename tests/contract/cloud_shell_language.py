"""What the Cloud Shell has of the language and what it has not, each with an example that a test runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    what: str
    example: str


THERE: tuple[Row, ...] = (
    Row("Variables, also several at once; `$script:` and `$global:`", "$a, $b = 1, 2"),
    Row("Types that constrain, and casts", "[int]$n = '3'; [string]$n"),
    Row("Numbers with multipliers, hexadecimal, ranges", "1.5; 0x1F; 64GB; 1..3"),
    Row("Text, verbatim and expanded", "\"$(1 + 1) of $($PID.GetType().Name)\"; 'as it is'"),
    Row("Environment variables", "$env:HOME"),
    Row("Arrays, indexing from both ends", "$a = @(1, 2, 3); $a[-1]; $a += 4; $a.Count"),
    Row("Tables, also ordered ones", "$t = [ordered]@{ Name = 'web1'; Size = 3 }; $t.Name; $t['Size']"),
    Row("Objects of one's own", "[pscustomobject]@{ Name = 'web1' }"),
    Row("Members and methods of values", "'web1'.ToUpper().Substring(1); (Get-Date).AddDays(1).Year"),
    Row("Arithmetic", "7 % 3 + 2 * 4 - 1 / 2"),
    Row("Comparison, with and without case, on arrays too", "1, 2, 3 -gt 1; 'A' -ceq 'a'; 'a' -in 'a', 'b'"),
    Row("Wildcards and regular expressions", "'web1' -like 'web*'; 'web1' -match '(\\d)'; $Matches[1]"),
    Row("Split, join, replace, format", "('a,b' -split ',') -join ';'; 'a-b' -replace '-', '_'; '{0:N2}' -f 3.14159"),
    Row("Logic", "-not ($true -and $false) -or $false -xor $true"),
    Row("Types compared", "3 -is [int]; '3' -as [int]"),
    Row("Conditions", "if (1 -gt 2) { 'a' } elseif ($true) { 'b' } else { 'c' }"),
    Row("Loops", "foreach ($n in 1..3) { if ($n -eq 2) { continue }; $n }"),
    Row("More loops", "for ($i = 0; $i -lt 2; $i++) { $i }; while ($i -gt 0) { $i-- }; do { $i++ } until ($i -ge 2)"),
    Row("Switch", "switch (2) { 1 { 'one' } 2 { 'two' } default { 'many' } }"),
    Row("Functions with parameters", "function Twice { param([int]$Number) $Number * 2 }; Twice -Number 4"),
    Row("Script blocks", "$twice = { $args[0] * 2 }; & $twice 4"),
    Row("Errors: caught, thrown, cleaned up after", "try { throw 'no' } catch { \"$_\" } finally { 'always' }"),
    Row("Automatic variables", "$?; $Error.Count; $null; $true; $false"),
    Row("Splatting", "$more = @{ Maximum = 1 }; Get-Random @more"),
    Row("Defaults of parameters", "$PSDefaultParameterValues['Get-Random:Maximum'] = 1; Get-Random"),
    Row("Pipelines, one object at a time", "1..100 | Where-Object { $_ % 2 } | Select-Object -First 2"),
    Row("Subexpressions and grouping", "@(1..3 | ForEach-Object { $_ }).Count; $(1; 2)"),
    Row("Redirection to nothing and between streams", "Write-Error 'no' 2>$null; Write-Warning 'x' 3>&1 | Out-Null"),
    Row("Comments", "1 <# within a line #>; 2 # to its end"),
)

NOT_THERE: tuple[Row, ...] = (
    Row("Files", "Get-Content notes.txt"),
    Row("Redirection to a file", "'x' > notes.txt"),
    Row("Programs", "git status"),
    Row("Classes and enumerations", "class Machine { [string]$Name }"),
    Row(".NET beyond a few types", "[System.IO.File]::ReadAllText('x')"),
    Row("Loading code", "Invoke-Expression '1 + 1'"),
    Row("Remoting", "Invoke-Command -ComputerName web1 { 1 }"),
    Row("Background blocks", "Start-Job { 1 }"),
    Row("Workflows", "workflow Test { 1 }"),
    Row("`data` sections", "data { 'x' }"),
    Row("`trap`", "trap { 'x' }"),
    Row("Conditions within an expression", "$true ? 1 : 2"),
    Row("What else, if there is nothing", "$null ?? 1"),
    Row("Commands chained by success", "'a' && 'b'"),
    Row("Numbers as bits", "5 -band 3"),
    Row(
        "Formats of numbers with sections, quotes, text within, scaling or exponents (`000-00`, `0 %`, `0,`, `0.0E+0`)",
        "'{0:0;-0}' -f 5",
    ),
    Row("Formats of numbers: `B`, and `G` with digits", "'{0:G17}' -f 0.1"),
    Row("Dates with an era, or with Unix's weeks of the year: `%U`, `%W`", "Get-Date -UFormat '%U'"),
    Row("Other modules", "Import-Module ActiveDirectory"),
)
