// SPDX-License-Identifier: Apache-2.0
// The valley from above: ellipses of equal cost over two parameters, the path of the descent, and the start as a dot
// that can be dragged (or moved with the arrow keys).
import {Plot, extent} from "chart";
import {el, labelled} from "dom";
import {grouped, short} from "numbers";
import {drawWalk} from "terrain";
import {slice} from "valley";

const consecutive = 60;

/// Centre and shape of the ellipses over two axes of the replay, through a base point.
export function bowl(replay, base, a, b) {
  const {eigenvalues, axes} = replay;
  const A = slice(replay, base, a), B = slice(replay, base, b);
  let cross = 0;
  for (let i = 0; i < replay.size; ++i) cross += eigenvalues[i] * axes[a].column[i] * axes[b].column[i];
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
  const {replay} = run, count = run.carried.length;
  const plot = new Plot({id: "plot-contours", title: "The valley from above, with the path", xName: "", yName: "", height: 420});
  const options = () => run.carried.map((parameter, j) => el("option", {value: j, text: parameter.name}));
  const changed = () => { frozen = null; run.emit(); };
  const across = el("select", {id: "contour-x", onchange: changed}, options());
  const up = el("select", {id: "contour-y", onchange: changed}, options());
  const standardised = run.data.plan.scale === "standard" && (run.asRun.method !== "recorded" || run.allCarried);
  const coordinates = el("select", {id: "contour-coordinates", onchange: changed}, el("option", {value: "descent", text: "of the descent"}), el("option", {value: "user", text: "your units"}));
  coordinates.value = standardised ? "descent" : "user";
  [across.value, up.value] = twoParameters(run);
  plot.frame.insertBefore(el("div", {class: "fields"}, labelled("across", across), labelled("up", up), standardised ? labelled("coordinates", coordinates) : null), plot.picture);
  const handle = plot.over.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "circle"));
  for (const [name, value] of [["r", 8], ["class", "handle"], ["id", "start-handle"], ["tabindex", "0"], ["role", "slider"]]) handle.setAttribute(name, value);
  const rowsAStep = run.batches ? (run.data.plan.batch_size === 1 ? "every row" : `every ${grouped(run.data.plan.batch_size)} rows`) : "";
  let beside = null, frozen = null, dragging = false, begin = [0, 0];

  const chosen = () => [across, up].map(select => Number(select.value) + (coordinates.value === "descent" ? count : 0));
  const moveStart = target => {
    const start = run.startValues();
    chosen().forEach((axis, k) => {
      for (const [j, by] of Object.entries(replay.axes[axis].moved(target[k] - begin[k]))) start[j] += by;
    });
    run.change({start});
  };
  const fromPointer = event => {
    const box = plot.picture.getBoundingClientRect(), scale = plot.width / box.width;
    return [plot.x.invert((event.clientX - box.left) * scale), plot.y.invert((event.clientY - box.top) * scale)];
  };
  const drop = () => { dragging = false; frozen = null; run.emit(); };
  handle.addEventListener("pointerdown", event => {
    dragging = true;
    handle.setPointerCapture(event.pointerId);
    frozen = {x: plot.x.domain(), y: plot.y.domain()};
    event.preventDefault();
    handle.focus();
  });
  handle.addEventListener("pointermove", event => { if (dragging) moveStart(fromPointer(event)); });
  handle.addEventListener("pointerup", drop);
  handle.addEventListener("pointercancel", drop);
  handle.addEventListener("keydown", event => {
    const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}[event.key];
    if (!step) return;
    event.preventDefault();
    const part = event.shiftKey ? 0.1 : 0.02;
    const size = [plot.x, plot.y].map(scale => scale.domain()[1] - scale.domain()[0]);
    moveStart(begin.map((value, k) => value + step[k] * part * size[k]));
  });

  /// Of a run after batches: what the path of all rows looks like beside its own, and the other way round.
  const otherPath = (result, axes) => {
    if (!run.batches) return null;
    if (!result.recorded) return axes.map(axis => run.recordAlong(axis));
    beside ??= run.batchDescent();
    return beside ? run.path(beside, consecutive, axes).values : null;
  };

  /// The steps within the epochs of such a run, where they were kept and all parameters are carried.
  const stepsAlong = (axes, epoch) => {
    if (!run.steps || !run.allCarried) return null;
    const steps = run.stepsUntil(epoch).map(values => replay.displacement(values));
    return axes.map(axis => steps.map(step => replay.along(axis, step)));
  };

  const draw = ({result, point}) => {
    const axes = chosen(), [a, b] = axes;
    const base = others.base(result, point);
    if (!base || a === b) { plot.end({caption: a === b ? "Choose two different parameters." : "The point at this epoch is not known well enough.", legend: []}); return; }
    const shape = bowl(replay, base, a, b);
    const {early, values} = run.path(result, consecutive, axes);
    const bottom = axes.map(axis => replay.axes[axis].exact);
    const here = point.away ? axes.map(axis => replay.along(axis, point.away)) : axes.map(axis => point.values[axis]);
    begin = axes.map(axis => replay.along(axis, result.recorded ? replay.projections(null) : result.projections));
    const other = otherPath(result, axes);
    const frame = frozen ?? frameOf(shape, begin, bottom, early.values, [...(other ? [values, other] : []), ...(run.steps && run.allCarried && result.recorded ? [stepsAlong(axes, Infinity)] : [])]);
    const names = axes.map(axis => replay.axes[axis].name);
    [plot.options.xName, plot.options.yName] = names;
    plot.begin({...frame, tightX: true, tightY: true});
    rings(plot, shape, frame, 12);
    const walked = result.recorded ? stepsAlong(axes, point.epoch) : null;
    if (other) plot.path("beside", other[0], other[1], "stroke:var(--series-0);stroke-width:1.8;stroke-dasharray:5 3");
    if (walked) {
      drawWalk(plot, walked, axes.map(axis => run.recordAlong(axis).subarray(0, point.index + 1)), run.steps.end.length, run.recorded.epochs);
    } else {
      plot.path("path", values[0], values[1], "stroke:var(--series-1);stroke-width:1.8");
    }
    plot.dots("steps", early.values[0], early.values[1], walked ? "fill:var(--series-3)" : "fill:var(--series-1)", walked ? 2 : 2.4);
    plot.dots("bottom", [bottom[0]], [bottom[1]], "fill:none;stroke:var(--series-2);stroke-width:2.5", 6);
    plot.dots("at", [here[0]], [here[1]], "fill:var(--ink)", 4);
    handle.setAttribute("cx", plot.x(begin[0]).toFixed(1));
    handle.setAttribute("cy", plot.y(begin[1]).toFixed(1));
    handle.setAttribute("aria-label", `start: ${names.join(" and ")}; arrow keys move it`);
    handle.setAttribute("aria-valuenow", begin[0]);
    handle.setAttribute("aria-valuetext", names.map((name, k) => `${name} ${short(begin[k])}`).join(", "));
    const square = coordinates.value === "descent" || run.data.plan.scale === "none";
    plot.end({
      legend: [{name: `equal cost, the others ${others.text}`, color: "var(--series-5)"}, ...(walked ? [{name: run.stepsText, color: "var(--series-1)"}, {name: "ends of epochs", color: "var(--series-3)", kind: "dot"}]
        : [{name: run.batches && result.recorded ? `a step after ${rowsAStep}, drawn epoch by epoch` : "the path", color: "var(--series-1)"}]),
        ...(!run.batches ? [] : [{name: !result.recorded ? `the run: a step after ${rowsAStep}` : beside ? `all rows in every step, learning rate ${short(beside.settings.rate)}` : "", color: "var(--series-0)"}]), {name: "start: drag it", color: "var(--series-1)", kind: "dot"},
        {name: "closed form", color: "var(--series-2)", kind: "dot"}, {name: `epoch ${grouped(point.epoch)}`, color: "var(--ink)", kind: "dot"}],
      caption: `${early.step > 1 ? "Dots are recorded epochs." : `Dots are the first ${grouped(early.epochs.length - 1)} epochs one by one.`} Rings are even in distance from the bottom.` +
        (square ? "" : " Steps look skew here: the descent ran in standardised coordinates."),
      alt: `Ellipses of equal cost around ${names[0]} ${short(shape.centre[0])}, ${names[1]} ${short(shape.centre[1])}; the path starts at ${short(begin[0])}, ${short(begin[1])} and at epoch ${grouped(point.epoch)} stands at ${short(here[0])}, ${short(here[1])}.`,
    });
  };
  return {frame: plot.frame, draw};
}

/// The two parameters to begin with: the most important, and the intercept where there is no other.
export function twoParameters(run) {
  const intercept = run.carried.findIndex(parameter => parameter.intercept);
  const features = run.carried.map((parameter, j) => j).filter(j => j !== intercept);
  return features.length > 1 ? features.slice(0, 2) : [features[0], intercept];
}

/// What to show: the start, the bottoms, the first steps and some paths as a whole; another that blows up leaves the frame.
export function frameOf(shape, begin, bottom, first, whole = []) {
  const side = k => {
    const middle = shape.centre[k], reach = Math.max(Math.abs(begin[k] - middle), Math.abs(bottom[k] - middle), 1e-9 * (1 + Math.abs(middle)));
    const near = Array.from(first[k]).filter(value => Math.abs(value - middle) <= 2.2 * reach);
    const [low, high] = extent([[begin[k], middle, bottom[k], middle - 0.35 * reach, middle + 0.35 * reach], near,
      ...whole.map(path => Array.from(path[k]).filter(Number.isFinite))]);
    return [low - 0.12 * (high - low), high + 0.12 * (high - low)];
  };
  return {x: side(0), y: side(1)};
}

export function rings(plot, shape, frame, count) {
  const most = Math.max(...frame.x.flatMap(p => frame.y.map(q => shape.cost(p, q)))) - shape.lowest;
  levels(most, count).forEach((level, k) => {
    const [xs, ys] = shape.ring(level);
    plot.path(`ring-${k}`, xs, ys, `stroke:var(--series-5);stroke-width:1;stroke-opacity:${(0.95 - 0.05 * k).toFixed(2)}`);
  });
}
