// SPDX-License-Identifier: Apache-2.0
// One plot: a figure with a title, an SVG that is drawn anew in place (axes only when their scale has changed), a text
// alternative, a legend and a button that saves the SVG. D3 gives scales and ticks.
import {el, freshId, svg} from "dom";
import {short} from "numbers";

const d3 = globalThis.d3;
const margin = {top: 14, right: 16, bottom: 36, left: 62};

const styleNames = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
  "fill-opacity", "stroke-opacity", "font-size", "font-family", "font-weight", "text-anchor"];

/// The SVG as a file of its own: every style that the page's sheet gives is written into the elements.
export function svgFile(node, title) {
  const copy = node.cloneNode(true);
  const from = [node, ...node.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, k) => {
    const style = getComputedStyle(element);
    for (const name of styleNames) to[k].setAttribute(name, style.getPropertyValue(name));
    to[k].removeAttribute("class");
    to[k].removeAttribute("style");
    to[k].removeAttribute("tabindex");
  });
  const {width, height} = node.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const background = svg("rect", {width: "100%", height: "100%", fill: getComputedStyle(document.body).backgroundColor});
  copy.prepend(svg("title", {text: title}), background);
  return new XMLSerializer().serializeToString(copy);
}

function save(node, title) {
  const url = URL.createObjectURL(new Blob([svgFile(node, title)], {type: "image/svg+xml"}));
  el("a", {href: url, download: title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") + ".svg"}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/// A figure around an SVG: title, the SVG, caption, legend, button.
export function figure({id, title, height = 260, wide = false}) {
  const titleId = freshId("title"), altId = freshId("alt");
  const picture = svg("svg", {role: "img", "aria-labelledby": titleId, "aria-describedby": altId, height, class: "plot"});
  const alt = el("p", {id: altId, class: "alt"});
  const legend = el("ul", {class: "legend"});
  const caption = el("figcaption", {});
  const button = el("button", {type: "button", class: "save", title: "save this plot as SVG", "aria-label": `save as SVG: ${title}`,
    onclick: () => save(picture, title), text: "save as SVG"});
  const frame = el("figure", {id, class: wide ? "wide" : ""},
    el("div", {class: "figure-head"}, el("h3", {id: titleId, text: title}), button), picture, legend, caption, alt);
  return {frame, picture, alt, legend, caption, height, title};
}

/// Entries {name, color, dash, kind: line|dot|band}.
export function drawLegend(list, entries) {
  const key = JSON.stringify(entries);
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...entries.map(entry => el("li", {},
    svg("svg", {width: 22, height: 10, "aria-hidden": "true"},
      entry.kind === "dot" ? svg("circle", {cx: 11, cy: 5, r: 3.5, style: `fill:${entry.color}`})
        : svg("line", {x1: 1, x2: 21, y1: 5, y2: 5, style: `stroke:${entry.color};stroke-width:${entry.width ?? 2}`, "stroke-dasharray": entry.dash})),
    el("span", {text: entry.name}))));
}

// Widths are measured once for each layout of the window, not for each frame.
let layout = 0;
export function newLayout() {
  ++layout;
}
export function layoutNumber() {
  return layout;
}

function ticks(scale, log, count) {
  if (!log) return scale.ticks(count);
  const [low, high] = scale.domain().map(Math.log10);
  const step = Math.max(1, Math.ceil((high - low) / count));
  const powers = d3.range(Math.ceil(low / step) * step, high + 1e-9, step).map(p => 10 ** p);
  if (powers.length > 1) return powers;
  // Less than a decade or little more: 1, 2 and 5, where there are enough of them.
  const all = scale.ticks(10), round = all.filter(value => [1, 2, 5].includes(Number(value.toExponential(0)[0])) && Math.abs(value / Number(value.toExponential(0)) - 1) < 1e-9);
  return round.length > 1 ? round : scale.ticks(count);
}

// A linear scale as the two numbers that it is.
function quick(scale, log) {
  if (log) return scale;
  const [low, high] = scale.domain(), [from, to] = scale.range();
  const slope = (to - from) / (high - low);
  return Object.assign(value => from + slope * (value - low), {domain: () => [low, high], range: () => [from, to], invert: scale.invert});
}

// Null where there is no place; far outside the paper is far enough.
function tenth(value) {
  if (value === undefined || value !== value) return null;
  return Math.round(Math.max(-1e5, Math.min(1e5, value)) * 10) / 10;
}

const plain = log => value => log ? short(value, 2) : short(value, 5);

function padded([low, high], log) {
  if (!(low <= high)) return log ? [0.1, 1] : [0, 1];
  if (log) return low === high ? [low / 2, high * 2] : [low, high];
  const room = high > low ? 0.04 * (high - low) : Math.max(1e-300, 0.5 * Math.abs(high)) || 1;
  return [low - room, high + room];
}

export function extent(lists, log) {
  let low = Infinity, high = -Infinity;
  for (const list of lists) {
    for (const value of list) {
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

/// A plot with two axes. draw({x: domain, y: domain}) then `path`, `dots`, ... put the marks of one frame.
export class Plot {
  constructor(options) {
    this.options = options;
    Object.assign(this, figure(options));
    this.axes = svg("g", {});
    this.clip = freshId("clip");
    this.clipBox = svg("rect", {});
    this.marks = svg("g", {"clip-path": `url(#${this.clip})`});
    this.over = svg("g", {});
    this.picture.append(svg("defs", {}, svg("clipPath", {id: this.clip}, this.clipBox)), this.axes, this.marks, this.over);
    this.key = "";
    this.pool = new Map();
  }

  /// Begins a frame. Domains of data; padding is added unless `tight`.
  begin({x, y, xLog = false, yLog = false, tightX = false, tightY = false, xFormat, yFormat}) {
    if (this.layout !== layout) {
      this.layout = layout;
      this.measured = Math.max(240, this.picture.clientWidth || 560);
    }
    const width = this.measured, height = this.options.height ?? 260;
    const xDomain = tightX ? x : padded(x, xLog), yDomain = tightY ? y : padded(y, yLog);
    const key = [width, ...xDomain, ...yDomain, xLog, yLog, this.options.xName, this.options.yName].join();
    this.used = new Set();
    if (key === this.key) return;
    this.key = key;
    this.width = width;
    const make = log => log ? d3.scaleLog() : d3.scaleLinear();
    this.y = make(yLog).domain(yDomain).range([height - margin.bottom, margin.top]);
    const yTicks = ticks(this.y, yLog, 5).map(value => [this.y(value), (yFormat ?? plain(yLog))(value)]);
    const left = Math.max(40, 14 + 6.8 * Math.max(...yTicks.map(([, text]) => text.length)));
    this.x = make(xLog).domain(xDomain).range([left, width - margin.right]);
    const xTicks = ticks(this.x, xLog, Math.max(2, Math.min(7, width / 90))).map(value => [this.x(value), (xFormat ?? plain(xLog))(value)]);
    this.y = quick(this.y, yLog);
    this.x = quick(this.x, xLog);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [name, value] of [["x", left], ["y", margin.top], ["width", width - left - margin.right], ["height", height - margin.top - margin.bottom]]) this.clipBox.setAttribute(name, value);
    const parts = [], bottom = height - margin.bottom, right = width - margin.right;
    for (const [at, text] of yTicks) {
      parts.push(svg("line", {x1: left, x2: right, y1: at, y2: at, class: "grid"}), svg("text", {x: left - 7, y: at + 4, class: "tick", "text-anchor": "end", text}));
    }
    for (const [at, text] of xTicks) {
      parts.push(svg("line", {x1: at, x2: at, y1: bottom, y2: bottom + 4, class: "axis"}), svg("text", {x: at, y: bottom + 17, class: "tick", "text-anchor": "middle", text}));
    }
    parts.push(svg("line", {x1: left, x2: right, y1: bottom, y2: bottom, class: "axis"}),
      svg("text", {x: right, y: height - 3, class: "axis-name", "text-anchor": "end", text: this.options.xName}),
      svg("text", {x: 4, y: 10, class: "axis-name", text: this.options.yName}));
    this.axes.replaceChildren(...parts);
  }

  // The element for a mark; elements are kept from frame to frame.
  take(name, tag, into = this.marks) {
    this.used.add(name);
    let node = this.pool.get(name);
    if (!node) {
      node = svg(tag, {"data-mark": name});
      this.pool.set(name, node);
      into.append(node);
    }
    return node;
  }

  set(node, attributes) {
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined || value === null) node.removeAttribute(key);
      else if (node.getAttribute(key) !== String(value)) node.setAttribute(key, value);
    }
    return node;
  }

  // Places on the paper in tenths of a pixel, as texts; those of an array that many lines share are kept.
  placesX(xs) {
    if (this.keptX?.xs === xs && this.keptX.key === this.key) return this.keptX.places;
    const places = Array.from(xs, x => tenth(this.x(x)));
    this.keptX = {xs, key: this.key, places};
    return places;
  }

  /// A line through points; what is not finite breaks it.
  path(name, xs, ys, style, {steps = false} = {}) {
    let out = "", pen = "M", before = "";
    const across = this.placesX(xs), {y} = this, count = across.length;
    for (let k = 0; k < count; ++k) {
      const x = across[k], up = tenth(y(ys[k]));
      if (x === null || up === null) { pen = "M"; continue; }
      if (steps && pen === "L") out += "L" + x + "," + before;
      out += pen + x + "," + up;
      pen = "L";
      before = up;
    }
    return this.set(this.take(name, "path"), {d: out || null, class: "line", style});
  }

  /// Dots as one path of small circles: `count` of them is in data-count.
  dots(name, xs, ys, style, radius = 2.5, kind = "dots") {
    let out = "", count = 0;
    for (let k = 0; k < xs.length; ++k) {
      const x = this.x(xs[k]), y = this.y(ys[k]);
      if (!(Math.abs(x) < 1e5 && Math.abs(y) < 1e5)) continue;
      ++count;
      out += `M${(x - radius).toFixed(1)},${y.toFixed(1)}a${radius},${radius} 0 1,0 ${2 * radius},0a${radius},${radius} 0 1,0 ${-2 * radius},0`;
    }
    return this.set(this.take(name, "path"), {d: out || null, class: kind, style, "data-count": count});
  }

  /// Separate segments.
  segments(name, pairs, style) {
    let out = "", count = 0;
    for (const [x1, y1, x2, y2] of pairs) {
      const at = [this.x(x1), this.y(y1), this.x(x2), this.y(y2)];
      if (!at.every(value => Math.abs(value) < 1e5)) continue;
      ++count;
      out += `M${at[0].toFixed(1)},${at[1].toFixed(1)}L${at[2].toFixed(1)},${at[3].toFixed(1)}`;
    }
    return this.set(this.take(name, "path"), {d: out || null, class: "line", style, "data-count": count});
  }

  /// A vertical line through the whole plot.
  upright(name, at, style) {
    const x = this.x(at);
    if (!Number.isFinite(x)) return null;
    const [bottom, top] = this.y.range();
    return this.set(this.take(name, "path"), {d: `M${x.toFixed(1)},${bottom}V${top}`, class: "line", style});
  }

  note(name, at, value, text, attributes = {}) {
    const node = this.take(name, "text", this.over);
    const x = this.x(at), y = this.y(value);
    if (node.textContent !== text) node.textContent = text;
    return this.set(node, {x: x.toFixed(1), y: y.toFixed(1), class: "mark-text", ...attributes});
  }

  /// Ends the frame: marks that were not drawn go.
  end({alt, caption, legend} = {}) {
    for (const [name, node] of this.pool) {
      if (this.used.has(name)) continue;
      node.remove();
      this.pool.delete(name);
    }
    if (alt !== undefined && this.alt.textContent !== alt) this.alt.textContent = alt;
    if (caption !== undefined && this.caption.textContent !== caption) this.caption.textContent = caption;
    if (legend) drawLegend(this.legend, legend);
  }
}

/// Colours that colour-blind readers tell apart (Okabe and Ito 2008), as variables of the sheet; beyond eight dashed.
export function seriesStyle(k) {
  return {color: `var(--series-${k % 8})`, dash: k < 8 ? null : "6 3"};
}
