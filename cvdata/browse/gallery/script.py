"""What the gallery does: it loads a view and the labels of what is seen, draws them, and shows a picture large."""

from __future__ import annotations

from .drawing import DRAWING

__all__ = ["SCRIPT"]

# All text is set as text, never as markup; `$OPENING` is replaced by JSON.
_LOADING = r"""
"use strict";
const D = $OPENING, $ = id => document.getElementById(id), got = {}, asked = {};
window.cvdata = (kind, place, value) => {
  const key = kind + place;
  got[key] = value;
  (asked[key] || []).forEach(f => f(value));
  delete asked[key];
};
const FILES = { view: n => `data/view-${n}.js`, part: n => `data/part-${n}.js`, names: () => "data/names.js" };
function need(kind, place) {
  const key = kind + place;
  if (key in got) return Promise.resolve(got[key]);
  return new Promise(done => {
    if (asked[key]) { asked[key].push(done); return; }
    asked[key] = [done];
    const script = document.createElement("script");
    script.src = FILES[kind](place);
    script.onerror = () => {
      delete asked[key];
      $("none").hidden = false;
      $("none").textContent = `The file ${script.getAttribute("src")} cannot be loaded: keep this folder whole.`;
    };
    document.head.append(script);
  });
}
const picture = async n => (await need("part", Math.floor(n / D.per)))[n % D.per];
"""

_GRID = r"""
const MORE = 48, cards = [], buttons = [];
let at = 0, list = [], drawn = 0, open = -1, turn = 0;

const described = p => [p.n, ...errors(p).map(([v, count]) => `${count} ${called(v)}`)].join(", ");
function fill(frame, n, p, about, large) {
  frame.replaceChildren();
  if (p.i) {
    const img = make("img", null, { alt: described(p), decoding: "async", draggable: false });
    img.src = large && p.i > 1 ? `large/${n}.jpg` : `pictures/${Math.floor(n / 500)}/${n}.jpg`;
    frame.append(img);
  } else frame.append(make("span", "this picture cannot be read", { className: "gone" }));
  if (p.x) frame.append(make("img", null, { alt: "", className: "heat", src: `heat/${n}.png`, draggable: false }));
  if (!p.w || !p.h) return;
  const box = frame.getBoundingClientRect(), unit = Math.max(p.w / (box.width || 240), p.h / (box.height || 180));
  frame.append(overlay(p, about, unit, large));
}
async function load(card) {
  seen.unobserve(card);
  if (card.dataset.loaded) return;
  card.dataset.loaded = 1;
  const [n, about] = list[card.dataset.at], p = await picture(n), [frame, name, said] = card.children;
  fill(frame, n, p, about, false);
  card.setAttribute("aria-label", described(p));
  name.textContent = name.title = p.n;
  const found = errors(p);
  said.append(...found.map(([v, count]) => badge(v, count)));
  if (!found.length) said.append(p.l.some(l => l.s < 2 && l.v) ? "nothing wrong" :
    p.l.length ? `${plain(p.l.length)} label${p.l.length > 1 ? "s" : ""}` : p.u === "labelled" ? "" : p.u);
}
const seen = new IntersectionObserver(found => {
  for (const f of found) if (f.isIntersecting) load(f.target);
}, { rootMargin: "600px" });
function more() {
  const first = drawn, to = Math.min(list.length, drawn + MORE);
  for (; drawn < to; drawn++) {
    const card = make("div", null, { className: "card", tabIndex: 0 });
    card.dataset.at = drawn;
    card.setAttribute("role", "button");
    card.append(make("div", null, { className: "frame" }), make("p"), make("p", null, { className: "said" }));
    cards.push(card);
  }
  const fresh = cards.slice(first);
  $("grid").append(...fresh);
  fresh.forEach(card => seen.observe(card));
  return fresh;
}
new IntersectionObserver(f => { if (f[0].isIntersecting) more(); }, { rootMargin: "1500px" }).observe($("end"));

// Rows of a view that fit what is searched for.
async function fitting(place) {
  const text = $("search").value.toLowerCase(), one = $("class").value === "" ? -1 : +$("class").value;
  const rows = await need("view", place);
  if (!text && one < 0) return rows;
  const names = await need("names", 0);
  return rows.filter(([n, about, classes]) => (!text || names[n][0].toLowerCase().includes(text)) &&
    (one < 0 || (about.length ? classes : names[n][1]).includes(one)));
}
async function show(place) {
  at = place;
  const mine = ++turn, view = D.views[place];
  buttons.forEach((b, i) => b.setAttribute("aria-current", i === place));
  buttons[place].scrollIntoView({ block: "nearest" });
  $("name").textContent = view.name;
  $("about").textContent = view.about;
  const rows = await fitting(place);
  if (mine !== turn) return;
  seen.disconnect();
  list = rows;
  drawn = cards.length = 0;
  $("grid").replaceChildren();
  scrollTo(0, 0);
  $("fit").textContent = rows.length < view.pictures ? `${plain(rows.length)} of ${plain(view.pictures)} pictures` : "";
  $("none").hidden = rows.length > 0;
  $("none").textContent = view.pictures ? "No picture of this view fits the search." :
    "There is no picture in this view.";
  mark(place);
  // What is on the screen does not wait for an observer.
  const fresh = more().filter(card => card.getBoundingClientRect().top < innerHeight);
  await Promise.all(fresh.map(load));
  await Promise.allSettled(fresh.flatMap(card => [...card.querySelectorAll("img")]).map(img => img.decode()));
  // When the first screen was complete, in milliseconds since the page was asked for.
  document.body.dataset.shown ||= Math.round(performance.now());
}
// The address names what is shown, to be sent to others; some browsers forbid it on a disk.
function mark(place) {
  const hash = "#" + place;
  if (location.hash === hash || location.hash.startsWith(hash + "/")) return;
  try { history.replaceState(null, "", hash); } catch { /* it works without */ }
}
"""

_DETAIL = r"""
function cells(l, p, columns) {
  const name = make("td"), dot = make("span", null, { className: "dot" });
  const row = make("tr", null, { title: words(l, p) });
  dot.style.background = D.colours[l.c];
  name.append(dot, D.classes[l.c]);
  row.append(name, make("td", side(l)));
  if (columns.verdict) {
    const verdict = make("td");
    if (l.v) verdict.append(wrong(l) ? badge(l.v) : called(l.v));
    for (const more of [instead(l, p), l.e && "label error? " + called(l.e[0])])
      if (more) verdict.append(make("small", more));
    row.append(verdict);
  }
  if (columns.IoU) row.append(make("td", l.o == null ? "" : l.o.toFixed(2), { className: "r" }));
  if (columns.score) row.append(make("td", l.p == null ? "" : l.p.toFixed(2), { className: "r" }));
  return row;
}
function table(p, about, frame) {
  const has = f => p.l.some(f), box = $("detail");
  const columns = { class: true, from: true, verdict: has(l => l.v || l.e), IoU: has(l => l.o != null),
    score: has(l => l.p != null) };
  const head = make("tr"), names = Object.keys(columns).filter(name => columns[name]);
  head.append(...names.map(h => make("th", h, { scope: "col", className: h === "IoU" || h === "score" ? "r" : "" })));
  box.querySelector("thead").replaceChildren(head);
  const rank = i => about.includes(i) ? 0 : wrong(p.l[i]) ? 1 : 2;
  const order = p.l.map((l, i) => i).sort((a, b) => rank(a) - rank(b));
  box.querySelector("tbody").replaceChildren(...order.map(i => {
    const row = cells(p.l[i], p, columns);
    row.className = about.includes(i) ? "about" : "";
    const mark = on => frame.querySelectorAll(`g[data-i="${i}"]`).forEach(g => g.classList.toggle("sel", on));
    row.onmouseenter = () => mark(true);
    row.onmouseleave = () => mark(false);
    return row;
  }));
  box.querySelector("table").hidden = !p.l.length;
}
async function detail(place) {
  if (place < 0 || place >= list.length) return;
  open = place;
  while (drawn <= place) more();
  const [n, about] = list[place], p = await picture(n);
  if (open !== place) return;
  const box = $("detail");
  if (!box.open) box.showModal();
  $("title").textContent = p.n;
  $("tip").hidden = true;
  $("facts").textContent = [`${plain(place + 1)} of ${plain(list.length)}`, p.w && `${p.w} × ${p.h}`, p.p,
    p.u === "labelled" ? "" : p.u].filter(Boolean).join(" · ");
  $("tags").replaceChildren(...p.t.map(t => make("span", D.titles[t] || t, { title: t })));
  $("before").disabled = place === 0;
  $("after").disabled = place === list.length - 1;
  const frame = make("div", null, { className: "frame" });
  $("big").replaceChildren(frame);
  fill(frame, n, p, about, true);
  table(p, about, frame);
}
"""

_START = r"""
function list_views() {
  const names = new Set(D.views.map(view => view.name)), heads = new Map();
  const head = name => name.includes(": ") ? name.slice(0, name.indexOf(": ")) : "";
  for (const { name } of D.views) heads.set(head(name), (heads.get(head(name)) || 0) + 1);
  let group = "";
  D.views.forEach((view, i) => {
    // A view of part of another stands below it; several of one kind get a heading.
    const of = head(view.name), below = of && (names.has(of) || heads.get(of) > 1);
    if (below && !names.has(of) && of !== group) $("views").append(make("h3", of));
    group = of;
    const b = make("button", null, { title: view.about, className: below ? "below" : "", onclick: () => show(i) });
    b.append(make("span", below ? view.name.slice(of.length + 2) : view.name), make("span", plain(view.count)));
    b.setAttribute("aria-label", `${view.name}, ${plain(view.count)}`);
    buttons.push(b);
    $("views").append(b);
  });
}
function listen() {
  $("search").oninput = $("class").onchange = () => show(at);
  for (const kind of ["truth", "found", "fine", "text", "heat"])
    $(kind).onchange = () => document.body.classList.toggle("no" + kind, !$(kind).checked);
  $("grid").onclick = e => { const card = e.target.closest(".card"); if (card) detail(+card.dataset.at); };
  $("close").onclick = () => $("detail").close();
  $("before").onclick = () => detail(open - 1);
  $("after").onclick = () => detail(open + 1);
  $("detail").onclick = e => { if (e.target === $("detail")) $("detail").close(); };
  $("detail").onclose = () => {
    const card = cards[open];
    open = -1;
    $("tip").hidden = true;
    if (card) card.focus();
  };
  addEventListener("keydown", key);
  addEventListener("hashchange", start);
}
function key(e) {
  if (e.ctrlKey || e.altKey || e.metaKey) return;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
  if (open >= 0) {
    if (step) { e.preventDefault(); detail(open + step); }
    return;
  }
  const card = document.activeElement.closest(".card");
  if (!card) return;
  if (e.key === "Enter" || e.key === " ") { e.preventDefault(); detail(+card.dataset.at); return; }
  const across = getComputedStyle($("grid")).gridTemplateColumns.split(" ").length;
  const next = cards[+card.dataset.at + (step || { ArrowDown: across, ArrowUp: -across }[e.key] || 0)];
  if (next && next !== card) { e.preventDefault(); next.focus(); }
}
const some = (count, one, many) => `${plain(count)} ${count === 1 ? one : many}`;
function start() {
  const m = /^#(\d+)(?:\/(\d+))?$/.exec(location.hash);
  const place = m && +m[1] < D.views.length ? +m[1] : Math.max(0, D.views.findIndex(view => view.pictures));
  const shown = show(place);
  if (m && m[2]) shown.then(() => detail(+m[2]));
}
$("sum").textContent = `${some(D.pictures, "picture", "pictures")}, ${some(D.classes.length, "class", "classes")}` +
  (D.found.length ? `; ${D.found.length === 1 ? "model" : "models"}: ${D.found.join(", ")}` : "");
for (const [kind, there] of [["found", D.found.length], ["fine", D.judged], ["heat", D.heat]])
  $(kind).parentNode.hidden = !there;
$("class").hidden = !D.classes.length;
$("class").append(make("option", "All classes", { value: "" }),
  ...D.classes.map((c, i) => make("option", c, { value: i })));
list_views();
listen();
start();
"""

SCRIPT = _LOADING + DRAWING + _GRID + _DETAIL + _START
