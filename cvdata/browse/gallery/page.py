"""The page of the gallery: nothing but our own scripts run in it, and nothing comes from a network."""

from __future__ import annotations

import json
from typing import Any

from ..._version import __version__
from ...reports.markup import escape
from ...reports.page import allowed
from .script import SCRIPT
from .style import STYLE

__all__ = ["page"]


def page(title: str, opening: dict[str, Any]) -> bytes:
    """Return `index.html`.

    Args:
        opening: what the script has to know at once; names in it never become markup.
    """
    # "<" alone could end the script; all beyond ASCII is escaped already, U+2028 among it.
    data = json.dumps(opening, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    script = SCRIPT.replace("$OPENING", data)
    # A page from a disk has no origin, so that some browsers need `file:` where others take 'self'.
    policy = (
        "default-src 'none'; img-src 'self' file: data:; "
        f"style-src {allowed(STYLE)}; script-src {allowed(script)} 'self' file:; base-uri 'none'; form-action 'none'"
    )
    return _DOCUMENT.format(
        policy=policy, title=escape(title), style=STYLE, script=script, version=escape(__version__)
    ).encode()


_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a id="skip" href="#grid">To the pictures</a>
<aside><h1>{title}</h1><p id="sum"></p><nav id="views" aria-label="Views"></nav>
<footer>cvdata {version}. This folder is complete: it loads nothing from anywhere.</footer></aside>
<main>
<header><div><h2 id="name" aria-live="polite"></h2><p id="about"></p></div>
<div id="tools"><span id="fit" role="status"></span>
<input id="search" type="search" placeholder="Name of a picture" aria-label="Name of a picture">
<select id="class" aria-label="Class"></select>
<span id="toggles"><label><input type="checkbox" id="truth" checked><i class="key"></i>truth</label>
<label><input type="checkbox" id="found" checked><i class="key dashed"></i>found</label>
<label title="Labels that are as they should be"><input type="checkbox" id="fine" checked>right ones</label>
<label><input type="checkbox" id="text" checked>text</label>
<label title="Where the network looked"><input type="checkbox" id="heat" checked>heat</label></span></div></header>
<p id="none" hidden></p><div id="grid" tabindex="-1"></div><div id="end"></div>
</main>
<dialog id="detail" aria-labelledby="title"><div id="stage"><div id="big"></div>
<button id="before" aria-label="Picture before">‹</button><button id="after" aria-label="Next picture">›</button></div>
<section><button id="close" aria-label="Close">×</button>
<h3 id="title"></h3><p id="facts"></p><div id="tags"></div>
<div id="scroll" tabindex="0" autofocus aria-label="Labels" role="region">
<table><thead></thead><tbody></tbody></table></div><p id="hint">← → other pictures · Esc back</p></section></dialog>
<div id="tip" hidden></div>
<script>{script}</script>
</body>
</html>
"""
