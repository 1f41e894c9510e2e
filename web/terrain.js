// SPDX-License-Identifier: Apache-2.0
// The valley of a cost without a closed form, and its first steps: along one parameter, and from above over two. The
// cost is evaluated on a grid (surface.js); lines of equal cost are found cell by cell.
import {Plot, extent} from "chart";
import {el, labelled} from "dom";
import {grouped, short} from "numbers";

const rings = 12;

/// Segments of the lines on which a grid has each of some values: xs, ys the nodes, values[i + j * xs.length].
export function isolines(xs, ys, values, levels) {
  const n = xs.length, out = levels.map(() => []);
  const between = (a, b, va, vb, level) => a + (b - a) * (level - va) / (vb - va);
  for (let j = 0; j + 1 < ys.length; ++j) {
    for (let i = 0; i + 1 < n; ++i) {
      const at = i + j * n, v = [values[at], values[at + 1], values[at + 1 + n], values[at + n]];
      const low = Math.min(...v), high = Math.max(...v);
      if (!(low < high) || !Number.isFinite(high)) continue;
      const x = [xs[i], xs[i + 1], xs[i + 1], xs[i]], y = [ys[j], ys[j], ys[j + 1], ys[j + 1]];
      levels.forEach((level, k) => {
        if (!(level > low && level <= high)) return;
        const cuts = [];
        for (let e = 0; e < 4; ++e) {
          const f = (e + 1) % 4;
          if ((v[e] < level) !== (v[f] < level)) cuts.push([between(x[e], x[f], v[e], v[f], level), between(y[e], y[f], v[e], v[f], level)]);
        }
        if (cuts.length === 2) out[k].push([...cuts[0], ...cuts[1]]);
        // A saddle: the middle says which corners belong together.
        if (cuts.length === 4) {
          const apart = ((v[0] + v[1] + v[2] + v[3]) / 4 < level) === (v[0] < level);
          const [a, b] = apart ? [[0, 1], [2, 3]] : [[3, 0], [1, 2]];
          out[k].push([...cuts[a[0]], ...cuts[a[1]]], [...cuts[b[0]], ...cuts[b[1]]]);
        }
      });
    }
  }
  return out;
}

/// Nodes of a grid over a range; the one nearest to zero is moved there, so that a kink at zero is a line of the grid.
export function nodes([low, high], count) {
  const out = Float64Array.from({length: count}, (_, k) => low + (high - low) * k / (count - 1));
  if (low < 0 && high > 0) {
    const nearest = Math.round(-low / (high - low) * (count - 1));
    if (nearest > 0 && nearest < count - 1) out[nearest] = 0;
  }
  return out;
}

/// Levels that would be even in distance from the bottom of a bowl, told by shares of the grid: costs that grow without
/// measure at its rim spoil nothing.
export function levelsOf(values, count) {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  return Array.from({length: count}, (_, k) => sorted[Math.floor((sorted.length - 1) * ((k + 0.6) / count) ** 2)]);
}

function othersOf(run, changed) {
  const choice = el("select", {id: "others", onchange: changed}, el("option", {value: "fit", text: "at the fit"}),
    el("option", {value: "current", text: "at the epoch shown"}), el("option", {value: "start", text: "at the start"}));
  return {choice, base: point => choice.value === "current" ? point.values : choice.value === "start" ? run.startValues() : run.surface.end,
    get text() { return choice.selectedOptions[0].textContent; }, get moves() { return choice.value === "current"; }};
}

// Where the sums go over a sample, the page says so.
function sampleSays(surface) {
  if (surface.landscape.folded) return "Computed from the moments of all rows.";
  const {rows} = surface;
  return surface.sampled ? `Computed from a sample of ${grouped(rows.target.length)} of ${grouped(rows.of)} rows (those whose numbers have the smallest hashes), so the bottom is not quite the fit's.`
    : `Computed from all ${grouped(rows.of)} rows.`;
}

/// The first coefficient that is exactly zero, among those carried; -1: none.
function firstZero(run) {
  return run.surface.kinked ? run.carried.findIndex(parameter => !parameter.intercept && parameter.value === 0) : -1;
}

/// How far a parameter's own scale reaches, where neither start nor path tell: that of the largest coefficient, in
/// standard deviations.
function usualReach(run, axis) {
  const {surface} = run, j = axis % surface.width;
  const largest = Math.max(...run.carried.map((parameter, k) => parameter.intercept ? 0 : Math.abs(parameter.value) * surface.spread[k])) || 1;
  return 0.4 * largest / (axis < surface.width && j !== surface.intercept ? surface.spread[j] : 1);
}

// Around a kink at zero: as far as its two slopes weigh as much as the bend.
function reachOfKink(cost, most) {
  const h = 1e-4 * most, kink = (cost(h) + cost(-h) - 2 * cost(0)) / h, bend = (cost(most) + cost(-most) - 2 * cost(0) - kink * most) / most ** 2;
  return bend > 0 && kink > 0 ? Math.min(most, 1.5 * kink / bend) : most;
}

/// What to show: start and end, and of the path what is not far beyond; on each axis at least the usual reach.
function frameFor(run, axes, begin, end, paths) {
  const side = k => {
    const reach = Math.max(Math.abs(begin[k] - end[k]), usualReach(run, axes[k]));
    const near = Array.from(paths[k]).filter(value => Math.abs(value - end[k]) <= 2.2 * reach);
    const most = Math.max(...near.map(value => Math.abs(value - end[k])), Math.abs(begin[k] - end[k]), 0);
    const room = most > 0.4 * reach ? 0.4 * reach : reach;
    const [low, high] = extent([[begin[k], end[k] - room, end[k] + room], near]);
    return [low - 0.1 * (high - low), high + 0.1 * (high - low)];
  };
  return {x: side(0), y: side(1)};
}

export function slopes(run) {
  const {surface} = run, changed = () => run.emit(), others = othersOf(run, changed);
  const which = el("select", {id: "valley-parameter", onchange: changed}, run.carried.map((parameter, j) => el("option", {value: j, text: parameter.name})));
  which.value = Math.max(0, firstZero(run) >= 0 ? firstZero(run) : run.carried.findIndex(parameter => !parameter.intercept));
  const plot = new Plot({id: "plot-valley", title: "The valley along one parameter", xName: "", yName: "cost", height: 360});
  const says = el("p", {id: "slope-says", class: "says", role: "status"});
  plot.frame.insertBefore(el("div", {class: "fields"}, labelled("parameter", which), run.carried.length > 1 ? labelled("the others", others.choice) : null), plot.picture);
  plot.frame.insertBefore(says, plot.legend);
  const draw = ({point}) => {
    const j = Number(which.value), {name, value: end} = run.carried[j];
    const base = others.base(point), cost = surface.along(base, j);
    const all = Array.from(run.recorded.all[j]), here = point.values[j];
    const away = Math.abs(run.startValues()[j] - end), wild = Math.abs(here - end) > 3 * Math.max(away, usualReach(run, j));
    const own = away > 0 ? away : surface.kinked && end === 0 ? reachOfKink(cost, usualReach(run, j)) : usualReach(run, j);
    const reach = Math.max(own, wild || own < away ? 0 : Math.min(Math.abs(here - end), away > 0 ? Infinity : own));
    const domain = [end - 1.25 * reach, end + 1.25 * reach];
    const xs = nodes(domain, 161), ys = xs.map(cost);
    const shownYs = Array.from(ys).filter(Number.isFinite).sort((a, b) => a - b);
    plot.options.xName = name;
    plot.begin({x: domain, y: [shownYs[0], shownYs[Math.floor(0.95 * (shownYs.length - 1))]], tightX: true});
    plot.path("valley", xs, ys, "stroke:var(--series-0);stroke-width:2.5");
    const until = all.slice(0, point.index + 1), heights = until.map(cost);
    if (!run.steps) plot.path("stairs", until, heights, "stroke:var(--series-1);stroke-width:1.2;stroke-opacity:0.8", {steps: true});
    plot.dots("steps", until, heights, "fill:var(--series-1)", until.length > 100 ? 1.8 : 2.6);
    const height = cost(here), wide = domain[1] - domain[0], h = 1e-6 * wide;
    const left = (height - cost(here - h)) / h, right = (cost(here + h) - height) / h;
    const steep = (plot.y.domain()[1] - plot.y.domain()[0]) / wide;
    const kink = right - left > Math.max(0.02 * steep, 1e-3 * (Math.abs(left) + Math.abs(right)));
    for (const [side, slope] of kink ? [[-1, left], [1, right]] : [[-1, (left + right) / 2], [1, (left + right) / 2]]) {
      const half = side * 0.16 * wide;
      plot.path(`tangent${side}`, [here, here + half], [height, height + slope * half], "stroke:var(--ink);stroke-width:1.5;stroke-dasharray:6 3");
    }
    plot.dots("at", [here], [height], "fill:var(--ink)", 4.5);
    const flat = 1e-4 * steep, middle = (left + right) / 2;
    const sense = kink ? (left < 0 && right > 0 ? `a kink: the slope is ${short(left, 4)} on the left and ${short(right, 4)} on the right, so the lowest point is exactly here`
        : `a kink: the slope is ${short(left, 4)} on the left and ${short(right, 4)} on the right`)
      : Math.abs(middle) <= flat ? "slope as good as zero: this is the bottom"
      : `slope ${short(middle, 4)}; ${middle < 0 ? "negative slope: the minimum lies to the right" : "positive slope: the minimum lies to the left"}`;
    says.textContent = `At epoch ${grouped(point.epoch)}: ${name} = ${short(here)}, ${sense}.`;
    plot.end({
      legend: [{name: `cost, the others ${others.text}`, color: "var(--series-0)"}, {name: "recorded epochs", color: "var(--series-1)", kind: "dot"}, {name: kink ? "slopes on both sides" : "tangent at the epoch shown", color: "var(--ink)", dash: "6 3"}],
      caption: `The curve is the cost if only ${name} moved. ${sampleSays(surface)}`,
      alt: `The cost along ${name}. ${says.textContent}`,
    });
  };
  return {frame: plot.frame, draw, others};
}

/// The parameters to begin with: the most important one and, with an l1 penalty, one that it has made zero; else the two
/// most important, or the intercept where there is no other.
function firstTwo(run) {
  const features = run.carried.map((_, j) => j).filter(j => !run.carried[j].intercept), zero = firstZero(run);
  if (zero >= 0 && features[0] !== zero) return [features[0], zero];
  return features.length > 1 ? features.slice(0, 2) : [features[0], run.carried.findIndex(parameter => parameter.intercept)];
}

/// Every step of the first epochs, and from there on the ends of epochs: fewer steps are drawn stronger.
export function drawWalk(plot, walked, ends, epochs, epochsRecorded) {
  const few = walked[0].length <= 400;
  plot.path("walk", walked[0], walked[1], `stroke:var(--series-1);stroke-width:${few ? 1.3 : 0.8};stroke-opacity:${few ? 0.9 : 0.55}`);
  plot.dots("walked", walked[0], walked[1], `fill:var(--series-1);fill-opacity:${few ? 1 : 0.6}`, few ? 1.8 : 1.2);
  let first = 0;
  while (first < epochsRecorded.length && epochsRecorded[first] < epochs) ++first;
  if (first < ends[0].length) plot.path("path", ends[0].slice(first), ends[1].slice(first), "stroke:var(--series-3);stroke-width:1;stroke-dasharray:3 2");
}

export function fromAbove(run, others) {
  const {surface} = run, count = run.carried.length;
  const plot = new Plot({id: "plot-contours", title: "The valley from above, with the path", xName: "", yName: "", height: 420});
  const options = () => run.carried.map((parameter, j) => el("option", {value: j, text: parameter.name}));
  const changed = () => run.emit();
  const across = el("select", {id: "contour-x", onchange: changed}, options());
  const up = el("select", {id: "contour-y", onchange: changed}, options());
  [across.value, up.value] = firstTwo(run);
  const standardised = run.data.plan.scale === "standard";
  const coordinates = el("select", {id: "contour-coordinates", onchange: changed}, el("option", {value: "descent", text: "of the descent"}), el("option", {value: "user", text: "your units"}));
  coordinates.value = standardised ? "descent" : "user";
  plot.frame.insertBefore(el("div", {class: "fields"}, labelled("across", across), labelled("up", up), standardised ? labelled("coordinates", coordinates) : null), plot.picture);
  let kept = null;
  const draw = ({point}) => {
    const axes = [across, up].map(select => Number(select.value) + (coordinates.value === "descent" ? count : 0));
    if (axes[0] === axes[1]) { plot.begin({x: [0, 1], y: [0, 1]}); plot.end({caption: "Choose two different parameters.", legend: []}); return; }
    const base = others.base(point);
    const record = run.recorded.epochs.length, along = axis => Float64Array.from({length: record}, (_, t) => surface.position(run.recorded.all.map(list => list[t]), axis));
    const paths = axes.map(along), begin = axes.map((_, k) => paths[k][0]);
    const end = axes.map(axis => surface.position(surface.end, axis)), here = axes.map(axis => surface.position(point.values, axis));
    const steps = run.stepsUntil(point.epoch), walked = steps.length > 0 ? axes.map(axis => steps.map(values => surface.position(values, axis))) : null;
    const key = JSON.stringify([axes, others.choice.value, others.moves ? point.index : 0]);
    if (kept?.key !== key) {
      const all = run.stepsUntil(Infinity);
      const frame = frameFor(run, axes, begin, end, axes.map((axis, k) => [...all.map(values => surface.position(values, axis)), ...paths[k]]));
      if (surface.kinked) {
        for (const [name, k] of [["x", 0], ["y", 1]]) {
          // The corners are at zero: it should be seen where it is near.
          const [low, high] = frame[name], room = 0.12 * (high - low);
          if (run.carried[axes[k] % count].intercept) continue;
          if (low > 0 && low < 0.6 * (high - low)) frame[name][0] = -room; else if (high < 0 && -high < 0.6 * (high - low)) frame[name][1] = room;
          if (frame[name][0] === 0) frame[name][0] = -room;
        }
      }
      const size = others.moves ? 33 : surface.landscape.folded || surface.rows.target.length <= 500 ? 97 : 65, xs = nodes(frame.x, size), ys = nodes(frame.y, size), cost = surface.plane(base, axes[0], axes[1]);
      const values = new Float64Array(size * size);
      for (let j = 0, at = 0; j < size; ++j) for (let i = 0; i < size; ++i, ++at) values[at] = cost(xs[i], ys[j]);
      kept = {key, frame, lines: isolines(xs, ys, values, levelsOf(values, rings))};
    }
    const {frame, lines} = kept;
    [plot.options.xName, plot.options.yName] = axes.map(axis => surface.axes[axis].name);
    plot.begin({...frame, tightX: true, tightY: true});
    if (surface.kinked) {
      const zero = "stroke:var(--muted);stroke-width:1;stroke-dasharray:1 3";
      if (!run.carried[axes[0] % count].intercept) plot.upright("zero-x", 0, zero);
      if (!run.carried[axes[1] % count].intercept) plot.path("zero-y", frame.x, [0, 0], zero);
    }
    lines.forEach((segments, k) => plot.segments(`ring-${k}`, segments, `stroke:var(--series-5);stroke-width:1;stroke-opacity:${(0.95 - 0.05 * k).toFixed(2)}`));
    const until = paths.map(path => path.subarray(0, point.index + 1));
    if (walked) {
      drawWalk(plot, walked, until, run.steps.end.length, run.recorded.epochs);
    } else {
      plot.path("path", until[0], until[1], "stroke:var(--series-1);stroke-width:1.8");
    }
    plot.dots("steps", until[0], until[1], walked ? "fill:var(--series-3)" : "fill:var(--series-1)", 2.4);
    plot.dots("begin", [begin[0]], [begin[1]], "fill:var(--series-1);fill-opacity:0.35;stroke:var(--series-1);stroke-width:2", 7);
    plot.dots("bottom", [end[0]], [end[1]], "fill:none;stroke:var(--series-2);stroke-width:2.5", 6);
    plot.dots("at", [here[0]], [here[1]], "fill:var(--ink)", 4);
    const names = axes.map(axis => surface.axes[axis].name), skew = coordinates.value === "user" && standardised;
    plot.end({
      legend: [{name: count > 2 ? `equal cost, the others ${others.text}` : "equal cost", color: "var(--series-5)"},
        ...(walked ? [{name: run.stepsText, color: "var(--series-1)"}, {name: "ends of epochs", color: "var(--series-3)", kind: "dot"}] : [{name: "the path, epoch by epoch", color: "var(--series-1)"}]),
        {name: "start", color: "var(--series-1)", kind: "dot"}, {name: "the fit", color: "var(--series-2)", kind: "dot"}, {name: `epoch ${grouped(point.epoch)}`, color: "var(--ink)", kind: "dot"},
        ...(surface.kinked ? [{name: "a coefficient is zero: corners", color: "var(--muted)", dash: "1 3"}] : [])],
      caption: sampleSays(surface) + (skew ? " Steps look skew here: the descent ran in standardised coordinates." : ""),
      alt: `Lines of equal cost over ${names[0]} and ${names[1]}; the path starts at ${short(begin[0])}, ${short(begin[1])}, at epoch ${grouped(point.epoch)} it stands at ${short(here[0])}, ${short(here[1])}, the fit is at ${short(end[0])}, ${short(end[1])}.`,
    });
  };
  return {frame: plot.frame, draw};
}
