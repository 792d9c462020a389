"""The checklist as one HTML file: no script, nothing from elsewhere; for a screen, light or dark, a phone, and paper.

Whatever was on the disk, and the file's own name, is bounded, printable and escaped here, and stands in an element that
keeps its direction of writing to itself. A state is always a word and a mark, never a colour alone.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING

from calco import __version__
from calco.cli.checklist import facts, with_result
from calco.cli.checklist_words import Words
from calco.cli.common import plain
from calco.cli.inspection_text import shown
from calco.model.inspection import Outcome, Result, Severity, Verdict

if TYPE_CHECKING:
    from calco.offline import Look

BEGINNING = "<!doctype html>\n<!-- a checklist by calco -->\n"
"""Of every page; a file that begins otherwise is not ours to replace."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
STYLE = """
:root{color-scheme:light dark;--back:#f3f4f6;--paper:#fff;--ink:#1f2937;--soft:#4b5563;--line:#d1d5db;--code:#f3f4f6;
--red:#b91c1c;--amber:#92400e;--blue:#1d4ed8;--green:#166534}
@media(prefers-color-scheme:dark){:root{--back:#111827;--paper:#1f2937;--ink:#f3f4f6;--soft:#9ca3af;--line:#4b5563;
--code:#111827;--red:#fca5a5;--amber:#fcd34d;--blue:#93c5fd;--green:#86efac}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:52rem;margin:0 auto;padding:2rem 1.5rem;background:var(--paper);min-height:100vh}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.25rem;margin:2.5rem 0 0}h3{font-size:1rem;margin:0}
p{margin:.5rem 0}.soft,footer,dt{color:var(--soft)}
code,pre{font:.9em/1.5 ui-monospace,monospace}pre code{font-size:1em}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.2rem 1rem;margin:.75rem 0}
dd{margin:0;min-width:0}
pre{margin:0;padding:.6rem .75rem;background:var(--code);border:1px solid var(--line);border-radius:.25rem;
white-space:pre-wrap}
.verdict{margin:1.5rem 0 0;padding:1rem;border:2px solid;border-radius:.25rem}.verdict h2{margin:0}
.verdict p,.verdict ul{color:var(--ink)}.verdict ul{margin:0;padding-left:1.25rem}
.red{color:var(--red)}.amber{color:var(--amber)}.blue{color:var(--blue)}.green{color:var(--green)}
table{width:100%;border-collapse:collapse;margin:.75rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600}thead th{color:var(--soft);font-weight:400}
.number{text-align:right;padding-right:0;white-space:nowrap}
article{margin:1rem 0;padding:1rem;border:1px solid var(--line);border-left:.35rem solid;border-radius:.25rem}
article>*{color:var(--ink)}article h3{display:flex;flex-wrap:wrap;gap:.1rem .75rem;align-items:baseline}
.rows td:first-child,.rows thead th{white-space:nowrap}.rows tbody th{width:34%}.rows tbody code{display:block}
.rows td+td,.rows th+td{width:28%}
.mark{font-weight:400;font-size:.9rem}a{color:var(--blue)}article dl{margin-bottom:0}dd pre{margin-bottom:.3rem}
.red .mark{color:var(--red)}.amber .mark{color:var(--amber)}.blue .mark{color:var(--blue)}
h3 code{font-weight:400;color:var(--soft)}
footer{margin-top:2.5rem;border-top:1px solid var(--line);font-size:.9rem}
@media(max-width:40rem){main{padding:1.25rem 1rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}
.rows thead{position:absolute;clip-path:inset(50%);height:1px;width:1px;overflow:hidden}
.rows tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
.rows tbody th,.rows tbody td{display:block;width:auto;border:0;padding:0}
.rows td::before{content:attr(data-name) ": ";color:var(--soft)}}
@media print{:root{color-scheme:light;--back:#fff;--paper:#fff;--ink:#000;--soft:#333;--line:#999;--code:#fff;
--red:#900;--amber:#630;--blue:#006;--green:#040}body{font-size:10.5pt}main{max-width:none;padding:0}
article,.verdict,tr{break-inside:avoid}h2,h3,thead{break-after:avoid}@page{margin:18mm}}
"""

COLOURS = {
    Severity.BLOCKS_BOOT: "red",
    Severity.LEAKS: "amber",
    Severity.ADVICE: "blue",
    Verdict.GENERALIZED: "green",
    Verdict.SPECIALIZED: "red",
    Verdict.UNKNOWN: "amber",
}
BOX, QUESTION, TICK = "\N{BALLOT BOX}", "?", "\N{CHECK MARK}"


def page(look: "Look", words: Words) -> str:
    """The whole file."""
    title = f"{words.title}: {shown(look.file.name)}"
    return (
        f'{BEGINNING}<html lang="{words.language.value}">\n<head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title><style>{STYLE}</style></head>\n'
        f"<body><main>\n{''.join(_parts(look, words))}</main></body></html>\n"
    )


def _parts(look: "Look", words: Words) -> Iterator[str]:
    yield f"<header><h1>{escape(words.title)}</h1>\n<p>{escape(words.purpose)}</p>\n"
    if words.in_english:
        yield f'<p class="soft">{escape(words.in_english)}</p>\n'
    yield f"<dl>{''.join(_fact(name, value) for name, value in facts(look, words))}</dl></header>\n"
    yield _verdict(look, words)
    yield _summary(look, words)
    for severity, (heading, meaning) in words.severities.items():
        found = [each for each in look.report.findings if each.severity is severity]
        items = (_article(each, words, COLOURS[severity], BOX, words.to_mend) for each in found)
        yield _section(severity.value, heading, meaning, items, len(found))
    unread = with_result(look.report, Result.NOT_READ)
    items = (_article(each, words, "amber", QUESTION, words.unread) for each in unread)
    yield _section("not-read", *words.not_read, items, len(unread))
    passed = with_result(look.report, Result.PASSED)
    yield _section("in-order", words.in_order, "", [_in_order(passed, words)], len(passed))
    yield f"<footer><p>{escape(words.at_last)}</p><p>{escape(words.made_by.format(version=__version__))}</p></footer>\n"


def _fact(name: str, value: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{_foreign(value)}</dd>"


def _foreign(words: str) -> str:
    """Text that may come from the disk."""
    return f"<bdi>{escape(shown(words))}</bdi>"


def _verdict(look: "Look", words: Words) -> str:
    word, meaning = words.verdicts[look.report.verdict]
    lines = "".join(f"<li>{_foreign(each)}</li>" for each in look.report.evidence)
    because = f'<p>{escape(words.because)}:</p><ul lang="en">{lines}</ul>' if lines else ""
    return (
        f'<section class="verdict {COLOURS[look.report.verdict]}" aria-labelledby="verdict">'
        f'<h2 id="verdict">{escape(words.verdict)}: {escape(word)}</h2>'
        f"<p>{escape(_sentence(meaning))}</p>{because}</section>\n"
    )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _summary(look: "Look", words: Words) -> str:
    report = look.report
    rows = [
        (heading, severity.value, sum(each.severity is severity for each in report.findings))
        for severity, (heading, _) in words.severities.items()
    ]
    rows.append((words.not_read[0], "not-read", len(with_result(report, Result.NOT_READ))))
    rows.append((words.in_order, "in-order", len(with_result(report, Result.PASSED))))
    body = "".join(
        f'<tr><th scope="row">{_link(heading, id, count)}</th><td class="number">{count}</td></tr>'
        for heading, id, count in rows
    )
    return (
        f'<section aria-labelledby="summary"><h2 id="summary">{escape(words.summary)}</h2>'
        f'<table><thead><tr><th scope="col">{escape(words.state)}</th>'
        f'<th scope="col" class="number">{escape(words.checks)}</th></tr></thead><tbody>{body}</tbody></table>'
        "</section>\n"
    )


def _link(heading: str, id: str, count: int) -> str:
    return f'<a href="#{id}">{escape(heading)}</a>' if count else escape(heading)


def _section(id: str, heading: str, meaning: str, items: Iterable[str], count: int) -> str:
    if not count:
        return ""
    said = f"<p>{escape(meaning)}</p>" if meaning else ""
    head = f'<h2 id="{id}">{escape(heading)} ({count})</h2>{said}\n'
    return f'<section aria-labelledby="{id}">{head}{"".join(items)}</section>\n'


def _article(check: Outcome, words: Words, colour: str, mark: str, state: str) -> str:
    """One check that asks for something to be done. Its own texts are English."""
    failed = check.result is Result.FAILED
    mend = f"<dt>{escape(words.mend)}</dt><dd>{_commands(check.fix)}</dd>" if failed and check.fix else ""
    source = f'<dt>{escape(words.source)}</dt><dd lang="en">{escape(shown(check.source))}</dd>' if check.source else ""
    message = f'<p lang="en">{escape(shown(check.message))}</p>' if failed else ""
    said = f'<span class="mark"><span aria-hidden="true">{mark}</span> {escape(state)}</span>'
    return (
        f'<article class="{colour}"><h3>{said} '
        f'<span lang="en">{escape(shown(check.title))}</span> <code>{escape(check.code)}</code></h3>{message}'
        f'<dl><dt>{escape(words.expected)}</dt><dd lang="en">{escape(shown(check.expected))}</dd>'
        f'<dt>{escape(words.found)}</dt><dd lang="en">{_foreign(check.found)}</dd>{mend}{source}</dl></article>\n'
    )


def _commands(fix: str) -> str:
    return f'<pre lang="en"><code>{escape(chr(10).join(plain(each) for each in fix.splitlines()))}</code></pre>'


def _in_order(passed: Iterable[Outcome], words: Words) -> str:
    """A table, whose roles are told: where it is shown as a list, a reader still hears a table."""
    names = (words.state, words.check, words.expected, words.found)
    head = "".join(f'<th scope="col" role="columnheader">{escape(each)}</th>' for each in names)
    rows = "".join(
        f'<tr role="row"><td role="cell" data-name="{escape(words.state)}"><span class="green">{TICK}</span> '
        f'{escape(words.in_order)}</td><th scope="row" role="rowheader" lang="en">{escape(shown(each.title))} '
        f'<code class="soft">{escape(each.code)}</code></th>'
        f'<td role="cell" lang="en" data-name="{escape(words.expected)}">{escape(shown(each.expected))}</td>'
        f'<td role="cell" lang="en" data-name="{escape(words.found)}">{_foreign(each.found)}</td></tr>\n'
        for each in passed
    )
    return (
        f'<table class="rows" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )
