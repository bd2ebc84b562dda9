"""The frame around a report: one HTML text, its style within, nothing loaded from anywhere."""

from __future__ import annotations

from html import escape

_CSS = """
:root{--ink:#1d2126;--soft:#5c6670;--line:#e2e6ea;--back:#fff;--panel:#f6f8fa;--warn:#fff4db}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b0;--line:#343b43;
--back:#16191d;--panel:#1f242a;--warn:#3a3016}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1.25rem 4rem;max-width:1240px;background:var(--back);
color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
h1{font-size:1.6rem;margin:.2rem 0 .6rem}
h2{font-size:1.2rem;margin:2.4rem 0 .7rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.6rem 0 .5rem}
.lead,.note,figcaption{color:var(--soft)}
.note{font-size:.86rem;max-width:105ch;margin:.5rem 0}
.caveat{background:var(--warn);padding:.45rem .8rem;border-radius:6px;margin:.35rem 0;
max-width:95ch;font-size:.92rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.38rem .8rem .38rem 0;text-align:right;border-bottom:1px solid var(--line);
white-space:nowrap;vertical-align:middle;font-weight:400}
thead th{color:var(--soft);font-size:.84rem;vertical-align:bottom;white-space:normal;
max-width:9rem}
tbody th{text-align:left;font-weight:600;padding-right:1.4rem}
tr.reference th,tr.reference td{color:var(--soft);font-weight:400}
tbody th i{display:inline-block;width:.7em;height:.7em;border-radius:50%;margin-right:.5em}
td span{display:inline-block;min-width:8.2em}
.bar{vertical-align:-2px;margin-right:.5rem;background:var(--panel)}
.bar .interval{stroke:var(--ink);stroke-width:1.5}
.row{display:flex;flex-wrap:wrap;gap:1.2rem 2rem;align-items:flex-start}
.row figure{margin:0}
.row figcaption{text-align:center;margin-bottom:.6rem}
.chart{max-width:100%;height:auto}
.chart text{fill:var(--soft);font-size:11px}
.chart .mid{text-anchor:middle}.chart .end{text-anchor:end}
.chart .label{fill:var(--ink)}
.chart .grid{stroke:var(--line)}
.chart .axis{stroke:var(--soft);fill:none}
.chart .guide{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
.chart .note{font-size:10px}
.chart .line{fill:none;stroke-width:2}
.chart .whisker{stroke-width:1.2;opacity:.6}
.chart .faint{opacity:.55;stroke:none}
div.grid{display:flex;flex-wrap:wrap;gap:.7rem}
div.grid figure{margin:0;background:var(--panel);border-radius:6px;padding:5px}
div.grid img{width:104px;height:104px;display:inline-block;background:#fff;border-radius:3px;
margin:1px}
div.grid figure div{display:flex;flex-wrap:wrap;max-width:1180px}
div.grid figcaption{font-size:.74rem;padding:2px 2px 0}
"""


def page(title: str, body: str) -> str:
    """A whole document; ``body`` is HTML."""
    # Inlined pictures are the only ones it may show: nothing is fetched even by mistake.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )
