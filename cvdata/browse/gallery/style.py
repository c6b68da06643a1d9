"""How the gallery looks, in light and dark."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root{--back:#fafaf8;--paper:#fff;--ink:#1c2024;--soft:#5d6670;--line:#e3e5e8;--accent:#0067a3;--wash:#e9f1f7;
--well:#eceef0}
@media(prefers-color-scheme:dark){:root{--back:#121417;--paper:#1a1d21;--ink:#e8eaed;--soft:#9aa3ad;--line:#2d3238;
--accent:#6bb8ea;--wash:#20303c;--well:#0c0e10}}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;display:grid;grid-template-columns:17rem minmax(0,1fr);background:var(--back);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums}
aside{position:sticky;top:0;height:100vh;overflow-y:auto;padding:1.4rem .75rem 1rem;border-right:1px solid var(--line);
background:var(--paper);display:flex;flex-direction:column}
h1{margin:0 .6rem;font-size:1.25rem;line-height:1.25;letter-spacing:-.01em;overflow-wrap:anywhere}
#sum{margin:.3rem .6rem 1rem;color:var(--soft);font-size:.87rem}
nav{flex:1}
nav button{all:unset;box-sizing:border-box;display:flex;gap:.6rem;width:100%;padding:.32rem .6rem;border-radius:.4rem;
cursor:pointer;overflow-wrap:anywhere;font-size:.92rem;line-height:1.4}
nav button span:first-child{flex:1;min-width:0}
nav button span:last-child{color:var(--soft)}
nav button.below{padding-left:1.5rem;font-size:.87rem}
nav h3{margin:.5rem .6rem .1rem;font-size:.92rem;font-weight:400;color:var(--ink)}
nav button:hover{background:var(--well)}
nav button[aria-current=true]{background:var(--wash);color:var(--accent);font-weight:600}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
#grid:focus-visible{outline:0}
#skip{position:fixed;left:1rem;top:-4rem;z-index:9;padding:.5rem 1rem;border-radius:.4rem;background:var(--ink);
color:var(--back)}
#skip:focus{top:.6rem}
aside,#scroll{scrollbar-width:thin;scrollbar-color:var(--line) transparent}
footer{margin:1.5rem .6rem 0;color:var(--soft);font-size:.75rem}
main{padding:0 1.5rem 3rem;min-width:0}
header{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:.6rem 1.5rem;align-items:end;
justify-content:space-between;padding:1.2rem 0 .8rem;background:var(--back)}
header>div:first-child{flex:1 1 18rem;min-width:0}
h2{margin:0;font-size:1.3rem;line-height:1.3;letter-spacing:-.01em;overflow-wrap:anywhere}
#about{margin:.1rem 0 0;color:var(--soft);font-size:.9rem}
#tools{display:flex;flex-wrap:wrap;gap:.5rem .8rem;align-items:center;font-size:.88rem}
#fit{color:var(--soft)}#fit:empty{display:none}
::placeholder{color:var(--soft);opacity:1}
input[type=search],select{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--line);
border-radius:.4rem;padding:.3rem .6rem;max-width:11rem;height:2.1rem}
#toggles{display:flex;flex-wrap:wrap;gap:.2rem .8rem}
#toggles label{display:flex;align-items:center;gap:.3rem;cursor:pointer}
input[type=checkbox]{accent-color:var(--accent);margin:0}
.key{width:1.3rem;border-top:2.5px solid var(--ink)}.key.dashed{border-top-style:dashed}
#grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:.9rem}
.card{background:var(--paper);border:1px solid var(--line);border-radius:.55rem;overflow:hidden;cursor:zoom-in;
content-visibility:auto;contain-intrinsic-size:auto 15rem}
.card:hover{border-color:var(--accent)}
.card p{margin:0;height:1.75rem;padding:.4rem .65rem 0;font-size:.8rem;line-height:1.35rem;color:var(--ink);
overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.card .said{height:auto;min-height:1.95rem;padding:.1rem .65rem .5rem;display:flex;flex-wrap:wrap;gap:.25rem;
color:var(--soft);white-space:normal}
.badge{display:inline-block;padding:0 .45rem;border-radius:.3rem;font-size:.73rem;font-weight:600;line-height:1.3rem;
color:#fff;white-space:nowrap}
.missed{background:#b3261e}.class{background:#7a3db8}.nothing{background:#a04b00}.placed{background:#0b66a8}
.both{background:#8c2a72}.twice{background:#52691b}
.frame{position:relative;aspect-ratio:4/3;background:var(--well)}
.frame img,.frame svg{position:absolute;inset:0;width:100%;height:100%;object-fit:contain}
.frame .gone{position:absolute;inset:0;display:grid;place-items:center;color:var(--soft);font-size:.85rem}
svg .dark{fill:none;stroke:#000;stroke-opacity:.55}
svg .shape{fill-rule:evenodd;stroke-linejoin:round}
svg .shape,svg .dark{vector-effect:non-scaling-stroke}
svg .faint{opacity:.32}
svg .sel .shape{stroke-width:4.5px}
svg text{font:600 12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
.notruth svg .truth,.nofound svg .found,.nofine svg .fine,.notext .word,.noheat .heat{display:none}
#none{color:var(--soft);padding:3rem 0;text-align:center}
#tip{position:fixed;z-index:9;max-width:20rem;padding:.4rem .65rem;border-radius:.4rem;background:#16191c;color:#fff;
font-size:.82rem;line-height:1.4;pointer-events:none;box-shadow:0 3px 12px #0006;white-space:pre-line}
dialog{width:min(96vw,90rem);max-width:none;height:92vh;max-height:none;padding:0;border:1px solid var(--line);
border-radius:.7rem;background:var(--paper);color:var(--ink);overflow:hidden}
dialog[open]{display:grid;grid-template-columns:minmax(0,1fr) 28rem}
dialog::backdrop{background:#000a}
#stage{position:relative;background:var(--well)}
#big{position:absolute;inset:0}
#before,#after{all:unset;position:absolute;top:50%;left:.6rem;width:2.4rem;height:2.4rem;margin-top:-1.2rem;
border-radius:50%;background:#16191ccc;color:#fff;font-size:1.5rem;line-height:2.1rem;text-align:center;cursor:pointer}
#after{left:auto;right:.6rem}
#before:disabled,#after:disabled{visibility:hidden}
#before:focus-visible,#after:focus-visible,#close:focus-visible,nav button:focus-visible{
outline:2px solid var(--accent)}
#big .frame{position:absolute;inset:0;aspect-ratio:auto}
dialog section{padding:1.1rem 1.2rem;display:flex;flex-direction:column;min-height:0;position:relative}
#title{margin:0 2rem 0 0;font-size:1rem;overflow-wrap:anywhere;user-select:all}
#facts{margin:.2rem 0 .5rem;color:var(--soft);font-size:.86rem}
#close{all:unset;position:absolute;right:.9rem;top:.7rem;width:1.9rem;height:1.9rem;text-align:center;cursor:pointer;
font-size:1.4rem;line-height:1.8rem;color:var(--soft);border-radius:.4rem}
#close:hover{background:var(--well)}
#tags span{display:inline-block;margin:0 .3rem .3rem 0;padding:.05rem .55rem;border:1px solid currentColor;
border-radius:1rem;color:var(--accent);font-size:.78rem}
#tags:not(:empty){margin-bottom:.3rem}
#scroll{flex:1;overflow:auto;min-height:0}
#scroll:focus-visible{outline:1px solid var(--accent);outline-offset:.35rem;border-radius:.2rem}
table{width:100%;border-collapse:collapse;font-size:.82rem}
th,td{text-align:left;padding:.3rem .5rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--soft);position:sticky;top:0;background:var(--paper)}
td.r,th.r{text-align:right}
td:first-child{position:relative;padding-left:1.1rem;overflow-wrap:anywhere}th:first-child{padding-left:1.1rem}
td small{display:block;color:var(--soft);font-size:.95em;overflow-wrap:anywhere}
tbody tr:hover{background:var(--wash)}tr.about td:first-child{font-weight:650}
.dot{position:absolute;left:0;top:.72em;width:.7em;height:.7em;border-radius:.15em}
#hint{margin:.6rem 0 0;color:var(--soft);font-size:.78rem}
@media(max-width:60rem){body{grid-template-columns:13.5rem minmax(0,1fr)}main{padding:0 1rem 2rem}
dialog[open]{grid-template-columns:1fr;grid-template-rows:55% 45%}
#grid{grid-template-columns:repeat(auto-fill,minmax(min(100%,12rem),1fr))}}
@media(max-width:38rem){body{display:block}aside{position:static;height:auto;max-height:40vh;
border-right:0;border-bottom:1px solid var(--line)}}
"""
