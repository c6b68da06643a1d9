"""How a page looks, in light and dark, on paper and on a phone; and the script that sorts its tables."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE"]

# Colours of series are Okabe and Ito's, told apart by all kinds of colour vision (https://jfly.uni-koeln.de/color/).
STYLE = """
:root{--back:#fafaf8;--paper:#fff;--ink:#1c2024;--soft:#5d6670;--line:#e3e5e8;--accent:#0067a3;--wash:#eef3f7;
--s0:#0072b2;--s1:#e69f00;--s2:#009e73;--s3:#cc79a7;--s4:#56b4e9;--s5:#d55e00;--s6:#8a8f94;
--error:#b3261e;--warning:#8a5300;--info:#0b5a8a;--good:#12693f}
@media(prefers-color-scheme:dark){
:root{--back:#121417;--paper:#1a1d21;--ink:#e8eaed;--soft:#9aa3ad;--line:#2d3238;--accent:#6bb8ea;--wash:#20262c;
--s0:#4aa8e0;--s1:#f0b43c;--s2:#2fc497;--s3:#dc98bf;--s4:#8fd0f5;--s5:#f07f3a;--s6:#8a9199;
--error:#ff8a80;--warning:#f5b95f;--info:#7cc4f0;--good:#6fd3a0}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:0 1.25rem 3rem;max-width:70rem;background:var(--back);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums}
header{padding:3rem 0 .5rem}
h1{margin:0;font-size:2.1rem;line-height:1.2;letter-spacing:-.02em;overflow-wrap:anywhere}
.subtitle{margin:.35rem 0 0;color:var(--soft);font-size:1.05rem;overflow-wrap:anywhere}
nav{margin:1.25rem 0 0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
a{color:var(--accent);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
h2{margin:3rem 0 .25rem;font-size:1.35rem;letter-spacing:-.01em;scroll-margin-top:1rem}
h3{margin:0 0 .4rem;font-size:1rem;line-height:1.45}
p{margin:.5rem 0;max-width:46rem;overflow-wrap:anywhere}
.intro{color:var(--soft);margin-bottom:1rem}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1.5rem 0}
.card{display:flex;flex-direction:column-reverse;justify-content:flex-end;padding:.9rem 1rem;background:var(--paper);
border:1px solid var(--line);border-radius:.6rem}
dt{color:var(--soft);font-size:.85rem}
dd{margin:0;font-size:1.6rem;line-height:1.25;font-weight:600;letter-spacing:-.01em;overflow-wrap:anywhere}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem;align-items:start;
margin:1rem 0}
.columns>*,.columns>.scroll{margin:0;min-width:0}
.columns>.panel{margin:0}
.stack>*{margin:0 0 1rem}.stack>:last-child{margin:0}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(9rem,1fr));gap:.75rem;margin:1rem 0}
.gallery.large{grid-template-columns:repeat(auto-fill,minmax(min(12rem,46%),1fr))}
.gallery figure{margin:0;padding:.7rem}
figure{margin:1rem 0;padding:1rem;background:var(--paper);border:1px solid var(--line);border-radius:.6rem;min-width:0}
figcaption{margin-top:.6rem;color:var(--soft);font-size:.9rem;overflow-wrap:anywhere}
.drawing{overflow-x:auto}
.drawing svg{display:block;width:100%;min-width:26rem;max-width:40rem;height:auto;margin:0 auto}
.drawing .small{min-width:0}
.drawing .wide{max-width:47.5rem}
.key{display:inline-block;margin-right:1.1rem;white-space:nowrap}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:.5rem;align-items:start}
figure img{display:block;max-width:100%;height:auto;margin:0 auto;border-radius:.3rem}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;fill:var(--soft);
font-variant-numeric:tabular-nums}
svg .strong{fill:var(--ink)}
svg .on{fill:var(--paper)}
svg .head{fill:var(--ink);font-weight:600;font-size:13px}
svg .grid{stroke:var(--line);stroke-width:1;fill:none}
svg .axis{stroke:var(--soft);stroke-width:1;fill:none}
svg .ground{fill:var(--wash)}
svg .mark{fill:var(--accent)}
svg .s0{fill:var(--s0)}svg .s1{fill:var(--s1)}svg .s2{fill:var(--s2)}svg .s3{fill:var(--s3)}
svg .s4{fill:var(--s4)}svg .s5{fill:var(--s5)}svg .s6{fill:var(--s6)}
svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round}
svg .line.ink,svg .line.over{stroke:var(--ink)}svg .line.ink{stroke-width:2.8}svg .line.mark{stroke:var(--accent)}
svg .line.s0{stroke:var(--s0)}svg .line.s1{stroke:var(--s1)}svg .line.s2{stroke:var(--s2)}svg .line.s3{stroke:var(--s3)}
svg .line.s4{stroke:var(--s4)}svg .line.s5{stroke:var(--s5)}svg .line.s6{stroke:var(--s6)}
svg .band{opacity:.18}
svg .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
svg .point{stroke:var(--paper);stroke-width:1.5}
svg .span{fill:var(--ink);opacity:.35}
.gauge{display:block;width:100%;height:auto;margin:.45rem 0 .2rem}
.card small{display:block;font-size:.85rem;font-weight:400;letter-spacing:0;color:var(--soft);min-height:1.3em}
svg rect:hover,svg .hot:hover{opacity:.75}
svg .none{fill:transparent}
svg .none:hover{fill:var(--ink);opacity:.08}
.swatch{width:.7em;height:.7em;margin-right:.5em;vertical-align:baseline}
.scroll{overflow-x:auto;margin:1rem 0;background:var(--paper);border:1px solid var(--line);border-radius:.6rem}
table{width:100%;border-collapse:collapse;font-size:.9rem}
th,td{padding:.42rem .75rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
td{overflow-wrap:anywhere}
td:first-child{min-width:9rem}
th{color:var(--soft);font-weight:600;vertical-align:bottom}
th button{all:unset;cursor:pointer}
th button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" \\2191"}
th[aria-sort=descending] button::after{content:" \\2193"}
tbody tr:last-child td{border-bottom:0}
tbody tr:hover{background:var(--wash)}
.r{text-align:right}td.r{white-space:nowrap}
details{margin:1rem 0}
summary{cursor:pointer;color:var(--accent);overflow-wrap:anywhere}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
pre{margin:.6rem 0;padding:.7rem .9rem;background:var(--wash);border-radius:.4rem;white-space:pre-wrap;
overflow-wrap:anywhere}
code{font:.88rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.panel{margin:1rem 0;padding:1rem 1.1rem;background:var(--paper);border:1px solid var(--line);
border-left:4px solid var(--line);border-radius:.5rem}
.panel.error{border-left-color:var(--error)}.panel.warning{border-left-color:var(--warning)}
.panel.info{border-left-color:var(--info)}.panel.good{border-left-color:var(--good)}
.panel>:last-child{margin-bottom:0}
.badge{display:inline-block;padding:.02rem .5rem;border:1px solid currentColor;border-radius:1rem;font-size:.78rem;
font-weight:600;line-height:1.4;color:var(--soft);white-space:nowrap}
.badge.error{color:var(--error)}.badge.warning{color:var(--warning)}.badge.info{color:var(--info)}
.badge.good{color:var(--good)}
footer{margin-top:4rem;color:var(--soft);font-size:.85rem}
@media(max-width:34rem){body{padding:0 .9rem 2rem}header{padding-top:1.5rem}h1{font-size:1.6rem}h2{margin-top:2rem}
th,td{padding:.4rem .6rem}figure{padding:.7rem}dd{font-size:1.3rem}.cards{grid-template-columns:repeat(2,1fr)}}
@media print{:root{--back:#fff;--paper:#fff;--ink:#000;--soft:#444;--line:#ccc;--wash:#f3f3f3;--accent:#0067a3}
body{max-width:none;font-size:11pt}nav{display:none}figure,.card,.panel,tr{break-inside:avoid}h2{break-after:avoid}
.scroll,.drawing{overflow:visible}}
"""

# Sorts by `data-v` where a cell has one, else by its text; the second click turns the order round.
SCRIPT = """
for(const head of document.querySelectorAll("th")){
const name=document.createElement("button");name.type="button";name.append(...head.childNodes);head.append(name);
name.onclick=()=>{
const table=head.closest("table"),body=table.tBodies[0],at=head.cellIndex;
const key=row=>{const cell=row.cells[at],text=cell.dataset.v??cell.textContent.replaceAll(",","");
return text===""||isNaN(text)?cell.textContent:+text};
const was=head.getAttribute("aria-sort"),down=was?was==="ascending":head.className==="r",turn=down?-1:1;
const rows=[...body.rows].sort((a,b)=>{const x=key(a),y=key(b);
return typeof x!==typeof y?(typeof x==="number"?-1:1):turn*(typeof x==="number"?x-y:x.localeCompare(y))});
for(const other of table.querySelectorAll("th"))other.removeAttribute("aria-sort");
head.setAttribute("aria-sort",down?"descending":"ascending");body.append(...rows)}}
"""
