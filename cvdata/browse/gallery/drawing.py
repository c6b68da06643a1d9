"""How the gallery draws labels over a picture, and what it says of them."""

from __future__ import annotations

__all__ = ["DRAWING"]

# Part of the page's script, see `script.py`; `D` is what the page knows from the beginning. Short keys are those of
# `labels.py`: l.s side, l.c class, l.b box, l.d outline, l.k keypoints, l.p score, l.v verdict, l.o overlap, l.m place
# of the partner, l.e suspicion.
DRAWING = r"""
const NS = "http://www.w3.org/2000/svg";
// The errors in the order in which cards name them, each with its style; and what the views call those that need it.
const KIND = { missed: "missed", "wrong class": "class", background: "nothing", "badly placed": "placed", both: "both",
  duplicate: "twice" };
const WRONG = Object.keys(KIND);
const PLAIN = { background: "nothing labelled", both: "class and place", duplicate: "found twice", true: "right",
  missing: "not labelled", swapped: "wrong class", spurious: "nothing there" };
const called = verdict => PLAIN[verdict] || verdict;

function make(name, text, props = {}) {
  const e = document.createElement(name);
  if (text != null) e.textContent = text;
  return Object.assign(e, props);
}
function svg(name, props, text) {
  const e = document.createElementNS(NS, name);
  for (const key in props) e.setAttribute(key, props[key]);
  if (text != null) e.textContent = text;
  return e;
}
const plain = n => n.toLocaleString("en");
const side = l => l.s ? (D.found.length > 1 ? D.found[l.s - 1] : "found") : "truth";

// An error counts once: a missed object at the truth, all else at the detection, and only those of the first model.
const wrong = l => l.s === 0 ? l.v === "missed" : l.s === 1 && WRONG.includes(l.v);
function errors(p) {
  const counts = WRONG.map(v => [v, p.l.filter(l => wrong(l) && l.v === v).length]);
  return counts.filter(([, count]) => count);
}
function badge(verdict, count) {
  return make("b", (count ? plain(count) + " " : "") + called(verdict), { className: "badge " + KIND[verdict],
    title: verdict });
}
// What an object was taken for, what a detection should have been.
function instead(l, p) {
  if (l.m == null || (l.v !== "wrong class" && l.v !== "both")) return "";
  return (l.s ? "is " : "as ") + D.classes[p.l[l.m].c];
}
function words(l, p) {
  const lines = [`${D.classes[l.c]} (${side(l)})`];
  if (l.v) lines.push([called(l.v), instead(l, p)].filter(Boolean).join(": "));
  if (l.o != null) lines.push(`IoU ${l.o.toFixed(2)}` +
    (l.m != null ? ` with ${D.classes[p.l[l.m].c]} (${side(p.l[l.m])})` : ""));
  if (l.p != null) lines.push(`score ${l.p.toFixed(2)}`);
  if (l.e) lines.push(`probably a label error: ${called(l.e[0])}, ${Math.round(100 * l.e[1])} % sure`);
  return lines.join("\n");
}

function outline(l, group, colour, unit) {
  // Where a shape is small on the screen, thick lines would hide what is inside.
  const slim = l.d && l.b && Math.min(l.b[2], l.b[3]) < 24 * unit;
  const dash = l.s ? { "stroke-dasharray": slim ? "3 2" : "6 4" } : {}, width = slim ? 1 : l.s > 1 ? 1.5 : 2;
  const paint = (name, shape, filled) => {
    group.append(svg(name, { ...shape, class: "dark", "stroke-width": width + (slim ? .6 : 1.5), ...dash }));
    group.append(svg(name, { ...shape, class: "shape", stroke: colour, "stroke-width": width, ...dash, fill: colour,
      "fill-opacity": filled ? .22 : .001 }));
  };
  if (l.d) paint("path", { d: l.d }, true);
  else if (l.b) paint("rect", { x: l.b[0], y: l.b[1], width: l.b[2], height: l.b[3] }, false);
  if (!l.k) return;
  for (const [a, b] of D.skeleton[l.c] || []) if (l.k[a] && l.k[b] && l.k[a][2] && l.k[b][2])
    group.append(svg("line", { x1: l.k[a][0], y1: l.k[a][1], x2: l.k[b][0], y2: l.k[b][1], class: "shape",
      stroke: colour, "stroke-width": 1.5 }));
  // A hidden point is hollow.
  for (const [x, y, seen] of l.k) if (seen)
    group.append(svg("circle", { cx: x, cy: y, r: 3.2 * unit, fill: seen === 2 ? colour : "#fff",
      stroke: seen === 2 ? "#fff" : colour, "stroke-width": unit }));
}

// Black or white, whichever reads better (WCAG 2.2, contrast ratio).
function ink(colour) {
  const c = [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16) / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * c[0] + .7152 * c[1] + .0722 * c[2] > .179 ? "#000" : "#fff";
}
const ruler = document.createElement("canvas").getContext("2d");
const WORDS = 8;
const clipped = text => text.length > 26 ? text.slice(0, 25) + "…" : text;
const short = l => clipped(D.classes[l.c]) + (l.p != null ? " " + l.p.toFixed(2) : "");
const long = (l, p) => [short(l), clipped(instead(l, p))].filter(Boolean).join(" ");
const FONT = '600 12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif';
function width(text, unit) {
  ruler.font = FONT;
  return (ruler.measureText(text).width + 9) * unit;
}
// What of a text fits into the picture.
function fitted(text, unit, p) {
  if (width(text, unit) <= p.w) return text;
  let size = text.length;
  while (size > 1 && width(text.slice(0, size) + "…", unit) > p.w) size--;
  return text.slice(0, size) + "…";
}
function word(text, place, colour, unit) {
  const { x, y, wide, high } = place, g = svg("g", { class: "word" });
  g.append(svg("rect", { x, y, width: wide, height: high, rx: 2.5 * unit, fill: colour }),
    svg("text", { x: x + wide / 2, y: y + 12.8 * unit, fill: ink(colour), "text-anchor": "middle" }, text));
  g.lastChild.style.fontSize = 12 * unit + "px";
  return g;
}
// Above the box, below it, or inside: where it covers no other word; null where there is no room.
function room(text, l, unit, p, taken) {
  const wide = width(text, unit), high = 17 * unit, [x, y, w, h] = l.b;
  const tops = l.s ? [y + h, y - high, y + h - high] : [y - high, y + h, y];
  for (const top of tops) for (const left of [x, x + w - wide]) {
    const at = { x: Math.max(0, Math.min(left, p.w - wide)), y: Math.max(0, Math.min(top, p.h - high)), wide, high };
    const free = o => at.x >= o.x + o.wide || o.x >= at.x + wide || at.y >= o.y + o.high || o.y >= at.y + high;
    if (taken.every(free)) { taken.push(at); return at; }
  }
  return null;
}

// Unit: pixels of the picture to a pixel of the screen; about: places of the labels that matter, the others are faint.
function overlay(p, about, unit, large) {
  const whole = svg("svg", { viewBox: `0 0 ${p.w} ${p.h}`, "aria-hidden": "true" });
  const wrongs = p.l.flatMap((l, i) => wrong(l) ? [i] : []), on = new Set(about.length ? about : wrongs);
  const area = l => l.b ? l.b[2] * l.b[3] : 1 / 0;
  const order = p.l.map((l, i) => i).sort((a, b) => on.has(a) - on.has(b) || area(p.l[b]) - area(p.l[a]));
  const classes = l => (l.s ? "found" : "truth") + (wrong(l) ? "" : " fine");
  for (const i of order) {
    const l = p.l[i], g = svg("g", { class: classes(l) + (on.size && !on.has(i) ? " faint" : ""), "data-i": i });
    outline(l, g, D.colours[l.c], unit);
    whole.append(g);
  }
  // A small picture has room for few words: those of labels that matter, and of others only where they are few.
  let line = 0, left = large ? 1 / 0 : on.size || p.l.length <= WORDS ? WORDS : 0;
  const taken = [];
  for (const i of order.reverse()) {
    const l = p.l[i];
    if (l.b && (!left || (on.size && !on.has(i)))) continue;
    let text = fitted((l.b || !l.s ? "" : side(l) + ": ") + long(l, p), unit, p);
    let here = l.b ? room(text, l, unit, p, taken) : corner(text, unit, line++);
    if (!here) here = room(text = fitted(short(l), unit, p), l, unit, p, taken);
    if (!here) continue;
    const g = svg("g", { class: classes(l), "data-i": i });
    g.append(word(text, here, D.colours[l.c], unit));
    whole.append(g);
    if (l.b) left--;
  }
  whole.onmousemove = e => tell(e, p);
  whole.onmouseleave = () => { $("tip").hidden = true; };
  return whole;
}
// Where a label of the whole picture stands: one under the other.
function corner(text, unit, line) {
  return { x: 0, y: 18 * unit * line, wide: width(text, unit), high: 17 * unit };
}
function tell(e, p) {
  const g = e.target.closest("[data-i]"), tip = $("tip");
  tip.hidden = !g;
  if (!g) return;
  tip.textContent = words(p.l[g.dataset.i], p);
  tip.style.left = Math.min(e.clientX + 14, innerWidth - 250) + "px";
  tip.style.top = Math.min(e.clientY + 14, innerHeight - 110) + "px";
}
"""
