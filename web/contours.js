// SPDX-License-Identifier: Apache-2.0
// The valley from above: ellipses of equal cost over two parameters, the path of the descent, and the start as a dot
// that can be dragged (or moved with the arrow keys).
import {Plot, extent} from "chart";
import {el, labelled} from "dom";
import {grouped, short} from "numbers";
import {slice} from "valley";

const consecutive = 60;

/// Centre and axes of the ellipses over parameters a and b through a base point.
export function bowl(replay, base, a, b) {
  const {eigenvalues, columns} = replay;
  const A = slice(replay, base, a), B = slice(replay, base, b);
  let cross = 0;
  for (let i = 0; i < replay.size; ++i) cross += eigenvalues[i] * columns[a][i] * columns[b][i];
  // Scaled to unit diagonal, so that unlike units do not matter: M = [[1, r], [r, 1]].
  const sa = Math.sqrt(A.bend), sb = Math.sqrt(B.bend), r = Math.max(-1, Math.min(1, cross / (sa * sb)));
  const ga = A.slope / sa, gb = B.slope / sb, det = 1 - r * r;
  const away = det > 1e-14 ? [(ga - r * gb) / det, (gb - r * ga) / det] : [ga / 2, gb / 2];
  const centre = [A.at - away[0] / sa, B.at - away[1] / sb];
  const lowest = replay.lowest + replay.gap(base) - (ga * away[0] + gb * away[1]) / 2;
  return {
    centre, lowest,
    cost: (p, q) => {
      const u = (p - centre[0]) * sa, v = (q - centre[1]) * sb;
      return lowest + (u * u + 2 * r * u * v + v * v) / 2;
    },
    /// The ellipse of cost lowest + level.
    ring: (level, count = 96) => {
      const long = Math.sqrt(2 * level / Math.max(1e-14, 1 - Math.abs(r))), wide = Math.sqrt(2 * level / (1 + Math.abs(r)));
      const sign = r > 0 ? -1 : 1;
      const xs = new Float64Array(count + 1), ys = new Float64Array(count + 1);
      for (let k = 0; k <= count; ++k) {
        const angle = 2 * Math.PI * k / count, along = long * Math.cos(angle), across = wide * Math.sin(angle);
        xs[k] = centre[0] + (along + across) / Math.SQRT2 / sa;
        ys[k] = centre[1] + sign * (along - across) / Math.SQRT2 / sb;
      }
      return [xs, ys];
    },
  };
}

/// Levels from the bowl's floor to `most`: even in the root of the cost, so evenly spaced in distance.
export function levels(most, count = 10) {
  return Array.from({length: count}, (_, k) => most * ((k + 1) / count) ** 2);
}

export function contours(run, others) {
  const plot = new Plot({id: "plot-contours", title: "The valley from above, with the path", xName: "", yName: "", height: 420});
  const options = () => run.carried.map((parameter, j) => el("option", {value: j, text: parameter.name}));
  const changed = () => { frozen = null; run.emit(); };
  const across = el("select", {id: "contour-x", onchange: changed}, options());
  const up = el("select", {id: "contour-y", onchange: changed}, options());
  const intercept = run.carried.findIndex(parameter => parameter.intercept);
  const first = run.carried.findIndex(parameter => !parameter.intercept);
  across.value = first;
  up.value = run.carried.length === 2 && intercept >= 0 ? intercept : run.carried.findIndex((parameter, j) => j !== first && !parameter.intercept);
  plot.frame.insertBefore(el("div", {class: "fields"}, labelled("across", across), labelled("up", up)), plot.picture);
  const handle = plot.over.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "circle"));
  handle.setAttribute("r", 8);
  handle.setAttribute("class", "handle");
  handle.setAttribute("id", "start-handle");
  handle.setAttribute("tabindex", "0");
  handle.setAttribute("role", "slider");
  let frozen = null, dragging = false;

  const moveStart = (p, q) => {
    const start = run.startValues();
    start[Number(across.value)] = p;
    start[Number(up.value)] = q;
    run.change({start});
  };
  const fromPointer = event => {
    const box = plot.picture.getBoundingClientRect();
    const scale = plot.width / box.width;
    return [plot.x.invert((event.clientX - box.left) * scale), plot.y.invert((event.clientY - box.top) * scale)];
  };
  handle.addEventListener("pointerdown", event => { dragging = true; handle.setPointerCapture(event.pointerId); frozen = {x: plot.x.domain(), y: plot.y.domain()}; event.preventDefault(); handle.focus(); });
  handle.addEventListener("pointermove", event => { if (dragging) moveStart(...fromPointer(event)); });
  handle.addEventListener("pointerup", () => { dragging = false; frozen = null; run.emit(); });
  handle.addEventListener("pointercancel", () => { dragging = false; frozen = null; run.emit(); });
  handle.addEventListener("keydown", event => {
    const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    if (!steps) return;
    event.preventDefault();
    const values = run.startValues(), part = event.shiftKey ? 0.1 : 0.02;
    const width = plot.x.domain()[1] - plot.x.domain()[0], height = plot.y.domain()[1] - plot.y.domain()[0];
    moveStart(values[Number(across.value)] + steps[0] * part * width, values[Number(up.value)] + steps[1] * part * height);
  });

  const draw = ({result, point}) => {
    const a = Number(across.value), b = Number(up.value);
    const base = others.base(result, point);
    if (!base || a === b) { plot.end({caption: a === b ? "Choose two different parameters." : "The point at this epoch is not known well enough."}); return; }
    const shape = bowl(run.replay, base, a, b);
    const early = run.early(result, result.last, consecutive, [a, b]);
    const start = run.startValues(result.settings);
    const points = [[start[a], start[b]], shape.centre, [run.carried[a].exact, run.carried[b].exact]];
    // A path that blows up leaves the frame: the frame belongs to the start, the bottom and the first steps.
    const near = Math.max(Math.abs(start[a] - shape.centre[0]), 1e-300) * 3, nearUp = Math.max(Math.abs(start[b] - shape.centre[1]), 1e-300) * 3;
    const within = (list, middle, most) => Array.from(list).filter(value => Math.abs(value - middle) <= most);
    const square = ([low, high], least) => high - low > least ? [low, high] : [(low + high - least) / 2, (low + high + least) / 2];
    const pad = ([low, high]) => [low - 0.12 * (high - low), high + 0.12 * (high - low)];
    const x = frozen?.x ?? pad(square(extent([points.map(p => p[0]), within(early.values[0], shape.centre[0], near)]), 1e-6 * (1 + Math.abs(shape.centre[0]))));
    const y = frozen?.y ?? pad(square(extent([points.map(p => p[1]), within(early.values[1], shape.centre[1], nearUp)]), 1e-6 * (1 + Math.abs(shape.centre[1]))));
    plot.options.xName = run.carried[a].name;
    plot.options.yName = run.carried[b].name;
    const names = a + "/" + b;
    if (plot.named !== names) { plot.named = names; plot.key = ""; }
    plot.begin({x, y, tightX: true, tightY: true});
    const most = Math.max(...x.flatMap(p => y.map(q => shape.cost(p, q)))) - shape.lowest;
    const rings = levels(most, 12);
    rings.forEach((level, k) => {
      const [xs, ys] = shape.ring(level);
      plot.path(`ring-${k}`, xs, ys, `stroke:var(--series-5);stroke-width:1;stroke-opacity:${(0.9 - 0.05 * k).toFixed(2)}`);
    });
    const {epochs} = result, more = [a, b].map(j => result.shown.indexOf(j));
    const joined = [0, 1].map(k => {
      const out = Array.from(early.values[k]);
      if (more[k] >= 0 && more[1 - k] >= 0) result.values[more[k]].forEach((value, t) => { if (epochs[t] > early.epochs[early.epochs.length - 1]) out.push(value); });
      return out;
    });
    plot.path("path", joined[0], joined[1], "stroke:var(--series-1);stroke-width:1.8");
    plot.dots("steps", early.values[0], early.values[1], "fill:var(--series-1)", 2.4);
    plot.dots("bottom", [run.carried[a].exact], [run.carried[b].exact], "fill:none;stroke:var(--series-2);stroke-width:2.5", 5);
    plot.dots("at", [point.values[a]], [point.values[b]], "fill:var(--ink)", 4.5);
    handle.setAttribute("cx", plot.x(start[a]).toFixed(1));
    handle.setAttribute("cy", plot.y(start[b]).toFixed(1));
    handle.setAttribute("aria-label", `start: ${run.carried[a].name} and ${run.carried[b].name}; arrow keys move it`);
    handle.setAttribute("aria-valuenow", start[a]);
    handle.setAttribute("aria-valuetext", `${run.carried[a].name} ${short(start[a])}, ${run.carried[b].name} ${short(start[b])}`);
    plot.end({
      legend: [{name: `equal cost, the others ${others.text}`, color: "var(--series-5)"}, {name: "the path", color: "var(--series-1)"}, {name: "start: drag it", color: "var(--series-1)", kind: "dot"},
        {name: "closed form", color: "var(--series-2)", kind: "dot"}, {name: `epoch ${grouped(point.epoch)}`, color: "var(--ink)", kind: "dot"}],
      caption: `Dots are the first ${grouped(early.epochs.length - 1)} epochs one by one. Rings are even in distance from the bottom.`,
      alt: `Ellipses of equal cost around ${run.carried[a].name} ${short(shape.centre[0])}, ${run.carried[b].name} ${short(shape.centre[1])}; the path starts at ${short(start[a])}, ${short(start[b])} and at epoch ${grouped(point.epoch)} stands at ${short(point.values[a])}, ${short(point.values[b])}.`,
    });
  };
  return {frame: plot.frame, draw};
}
