"""What things look like: one table of styles, and the style sheet that all pictures share.

A style is told by its colour, and without colours by its border or its mark. Colours follow the page: its own theme
where it says which that is (JupyterLab, furo, VS Code), else the reader's system. Backgrounds are the page's.
"""

from collections.abc import Iterable, Mapping

from attrs import frozen

__all__ = ["LOOKS", "STYLE_SHEET", "Look"]


@frozen
class Look:
    """How a style shows.

    Attributes:
        label: what it means, in a word or two.
        mark: its mark, as lines from point to point in a square that reaches from -1 to 1.
        css: the declarations of its colours: ``--c`` is its own, ``--k`` its mark's.
    """

    label: str
    mark: tuple[tuple[tuple[float, float], ...], ...]
    css: str


_TICK = (((-0.9, 0.1), (-0.25, 0.75), (0.9, -0.7)),)
_CROSS = (((-0.75, -0.75), (0.75, 0.75)), ((-0.75, 0.75), (0.75, -0.75)))
_ARROW = (((-0.55, -0.8), (0.8, 0), (-0.55, 0.8), (-0.55, -0.8)),)
_BARS = (((-0.45, -0.8), (-0.45, 0.8)), ((0.45, -0.8), (0.45, 0.8)))
# A line of no length is a dot, because lines end round.
_DOTS = (((-0.8, 0), (-0.8, 0)), ((0, 0), (0, 0)), ((0.8, 0), (0.8, 0)))
_PLUS = (((-0.85, 0), (0.85, 0)), ((0, -0.85), (0, 0.85)))

LOOKS: Mapping[str, Look] = {
    # where a run stands, or a day
    "succeeded": Look("succeeded", _TICK, "--c:var(--dms-green)"),
    "failed": Look("failed", _CROSS, "--c:var(--dms-red)"),
    "running": Look("running", _ARROW, "--c:var(--dms-amber);--k:#17120a"),
    "suspended": Look("suspended", _BARS, "--c:var(--dms-violet)"),
    "waiting": Look("waiting", _DOTS, "--c:var(--dms-grey);--k:#17120a"),
    "planned": Look("planned", _PLUS, "--c:var(--dms-blue)"),
    "missing": Look("missing", (), "--c:currentColor;--k:currentColor;--f:none;--d:2 2;opacity:.6"),
    # the part that a node takes
    "node": Look("node", (), "--c:var(--dms-grey)"),
    "runs": Look("runs", (), "--c:var(--dms-blue)"),
    "filtered": Look("filtered out", (), "--c:currentColor;--d:5 3;opacity:.7"),
    "outside": Look("outside", (), "--c:currentColor;--d:1 3;opacity:.7"),
}

_LIGHT = "green:#1a7f5a red:#c4321c amber:#eea21c violet:#8250c4 grey:#b4bfca blue:#2068c0 on:#fff"
_DARK = "green:#46b98c red:#ff7b68 amber:#f0b43c violet:#b99af5 grey:#76838f blue:#6cacf5 on:#10151b"
_LIGHT_PAGES = ('[data-theme="light"] .dms', '[data-jp-theme-light="true"] .dms', ".vscode-light .dms")
_DARK_PAGES = ('[data-theme="dark"] .dms', '[data-jp-theme-light="false"] .dms', ".vscode-dark .dms")


def _rule(selectors: Iterable[str], colours: str) -> str:
    return f"{','.join(selectors)}{{{';'.join('--dms-' + colour for colour in colours.split())}}}"


STYLE_SHEET = "\n".join(
    (
        _rule([".dms"], _LIGHT),
        f"@media (prefers-color-scheme:dark){{{_rule(['.dms'], _DARK)}}}",
        _rule(_LIGHT_PAGES, _LIGHT),
        _rule(_DARK_PAGES, _DARK),
        *(f".dms-{style}{{{look.css}}}" for style, look in LOOKS.items()),
        """.dms{--c:currentColor;--k:var(--dms-on)}
.dms{font:13px/1.5 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif}
.dms .dms-title{font-size:15px;margin:2px 0 4px}
.dms .dms-head{font-weight:600;margin:14px 0 6px}
.dms .dms-scroll{overflow-x:auto;padding-bottom:2px}
.dms .dms-says{margin:2px 0}
.dms .dms-warning{margin:4px 0;padding:1px 0 1px 10px;border-left:4px solid var(--dms-amber)}
.dms .dms-bad{border-left-color:var(--dms-red)}
.dms.dms table{display:table;width:auto;margin:4px 0;border:0;border-collapse:collapse;font-size:13px}
.dms.dms th,.dms.dms td{padding:2px 18px 2px 0;border:0;text-align:left;vertical-align:top}
.dms.dms td{font-variant-numeric:tabular-nums}
.dms.dms.dms tr{background:none}
.dms.dms th{font-weight:400;opacity:.66;white-space:nowrap}
.dms.dms .dms-table tr{border-bottom:1px solid rgba(128,128,128,.3)}
.dms.dms .dms-table td{white-space:nowrap}
.dms.dms .dms-table .dms-long{white-space:normal;min-width:24em}
.dms.dms .dms-right{text-align:right}
.dms code{font-size:12px;background:none;padding:0;border:0;color:inherit}
.dms svg{display:block;font-size:12px;overflow:visible}
.dms svg text{fill:currentColor;stroke:none}
.dms .dms-solid,.dms .dms-tint{fill:var(--f,var(--c));stroke:var(--c);stroke-dasharray:var(--d,none)}
.dms .dms-solid,.dms .dms-tint{stroke-width:1.5;stroke-linejoin:round}
.dms .dms-tint{fill-opacity:.13}
.dms .dms-mark{fill:none;stroke:var(--k);stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.dms .dms-mark,.dms .dms-number{pointer-events:none}
.dms svg .dms-number text{fill:var(--k);font-size:9.5px}
.dms .dms-sign{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.dms .dms-line path:hover{stroke-opacity:1;stroke-width:2.5}
.dms .dms-quiet{opacity:.66}
.dms .dms-filtered text{text-decoration:line-through}
.dms .dms-line{fill:none;stroke:currentColor;stroke-opacity:.5}
.dms .dms-faint{fill:none;stroke:currentColor;stroke-opacity:.16}
.dms .dms-ground{fill:currentColor;fill-opacity:.06}""",
    )
)
"""What :data:`LOOKS` looks like, for all elements inside one of the class ``dms``."""
