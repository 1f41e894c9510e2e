// SPDX-License-Identifier: Apache-2.0
// What runs over the epochs: the parameters, the cost (linear, and above the lowest on a logarithmic axis, with the
// forecast behind it), the learning rate and the gradient norm.
import {Plot, extent, seriesStyle} from "chart";
import {el} from "dom";
import {grouped, short} from "numbers";

const now = "stroke:var(--ink);stroke-width:1;stroke-dasharray:2 3";

function epochAxis(result) {
  return {x: [0, Math.max(1, result.last)], tightX: true, xFormat: value => Number.isInteger(value) ? grouped(value) : ""};
}

// Points of the record that lie within the epochs shown.
function recordWithin(run, last) {
  const {epochs} = run.recorded;
  let count = 0;
  while (count < epochs.length && epochs[count] <= last) ++count;
  return count;
}

// Dots are worth drawing where they can be told apart.
function everySo(count, most) {
  return Math.max(1, Math.ceil(count / most));
}

function pick(list, count, step) {
  const out = [];
  for (let k = 0; k < count; k += step) out.push(list[k]);
  return out;
}

export function parameterCurves(run) {
  const plot = new Plot({id: "plot-parameters", title: "Each parameter by epoch", xName: "epoch", yName: "value", height: 300, wide: true});
  const share = el("input", {type: "checkbox", id: "as-share", onchange: () => run.emit()});
  const closed = run.carried.every(parameter => parameter.exact !== null);
  if (closed) plot.frame.insertBefore(el("label", {class: "check"}, share, el("span", {text: "as a share of the way from start to closed form"})), plot.picture);
  const draw = ({result, point}) => {
    const shown = result.shown;
    const start = run.startValues(result.settings);
    const scaled = (j, list) => {
      if (!share.checked) return list;
      const from = start[j], way = run.carried[j].exact - from;
      return way === 0 ? list.map(() => 1) : list.map(value => (value - from) / way);
    };
    const curves = shown.map((j, s) => scaled(j, result.values[s]));
    plot.options.yName = share.checked ? "share of the way" : "value";
    plot.begin({...epochAxis(result), y: extent(curves)});
    plot.upright("now", point.epoch, now);
    const count = result.recorded ? 0 : recordWithin(run, result.last), step = everySo(count, 60);
    const same = !result.recorded && run.settings.rate === run.asRun.rate && run.settings.method === run.asRun.method && run.settings.start === null;
    shown.forEach((j, s) => {
      const {color, dash} = seriesStyle(s);
      plot.path(`parameter-${s}`, result.epochs, curves[s], `stroke:${color};stroke-width:2;stroke-dasharray:${dash ?? "none"}`);
      if (same) plot.dots(`record-${s}`, pick(run.recorded.epochs, count, step), pick(scaled(j, run.recorded.all[j]), count, step), `fill:${color}`, 2);
    });
    plot.dots("at", shown.map(() => point.epoch), shown.map(j => scaled(j, [point.values[j]])[0]), "fill:var(--ink)", 3);
    plot.end({
      legend: shown.map((j, s) => ({name: run.carried[j].name, color: seriesStyle(s).color, dash: seriesStyle(s).dash})),
      caption: same ? "Lines: the closed form. Dots: the run as it was recorded." : "",
      alt: `${shown.length} curves over epochs 0 to ${grouped(result.last)}. At epoch ${grouped(point.epoch)}: ` +
        shown.map(j => `${run.carried[j].name} ${short(point.values[j])}${closed ? ` (closed form ${short(run.carried[j].exact)})` : ""}`).join(", ") + ".",
    });
  };
  return {frame: plot.frame, draw};
}

export function costCurves(run) {
  const linear = new Plot({id: "plot-cost", title: "Cost by epoch", xName: "epoch", yName: `cost (${run.data.plan.loss})`});
  const folded = run.data.lowest_cost !== null;
  const above = new Plot({id: "plot-cost-log", title: folded ? "Cost above the lowest, logarithmic" : "Cost above the lowest recorded, logarithmic", xName: "epoch", yName: folded ? "cost − lowest cost" : "cost − lowest recorded"});
  const {validation} = run.data, heldOut = run.recorded.validation;
  // The forecast: the closed form of the run as planned, as far as the plot goes.
  const forecastOf = last => {
    if (!run.replay || run.asRun.method === "recorded" || !(last >= 1)) return null;
    if (forecastOf.last !== last) {
      const {replay} = run, settings = run.asRun;
      forecastOf.last = last;
      forecastOf.curve = replay.curves(replay.modes(settings), replay.projections(null), last, [], 200);
    }
    return forecastOf.curve;
  };
  const draw = ({result, point}) => {
    const forecast = forecastOf(result.last);
    const lowest = run.recorded.lowest;
    const count = recordWithin(run, result.last), step = everySo(count, 80);
    const recordX = pick(run.recorded.epochs, count, step);
    const alt = `From ${short(result.cost[0])} at epoch 0 to ${short(result.cost[result.cost.length - 1])} at epoch ${grouped(result.last)}; at epoch ${grouped(point.epoch)} ${short(point.cost)}` +
      (folded ? `, ${short(Math.max(0, point.gap), 3)} above the lowest cost ${short(lowest)}.` : ".");
    const legend = [
      ...(result.recorded ? [] : [{name: "replay", color: "var(--series-0)"}]),
      ...(forecast ? [{name: "forecast of the run", color: "var(--forecast)", width: 6}] : []),
      {name: "the run as recorded", color: "var(--record)", kind: "dot"}];
    const styles = ["stroke:var(--forecast);stroke-width:7;stroke-linecap:round", "stroke:var(--series-0);stroke-width:2"];
    // Where a descent blows up, the rows held out must not hide the rest.
    linear.begin({...epochAxis(result), y: extent([result.cost, folded ? [lowest] : [], heldOut.filter(value => value <= 2 * Math.max(...result.cost))])});
    linear.upright("now", point.epoch, now);
    if (forecast) linear.path("forecast", forecast.epochs, forecast.gap.map(gap => gap + lowest), styles[0]);
    if (folded) linear.path("lowest", [0, Math.max(1, result.last)], [lowest, lowest], "stroke:var(--muted);stroke-width:1;stroke-dasharray:5 3");
    linear.path("cost", result.epochs, result.cost, styles[1]);
    linear.dots("record", recordX, pick(run.recorded.cost, count, step), "fill:var(--record)", 2);
    linear.dots("at", [point.epoch], [point.cost], "fill:var(--ink)", 3.5);
    const more = folded ? [{name: `lowest cost ${short(lowest)}`, color: "var(--muted)", dash: "5 3"}] : [];
    let says = "";
    if (validation && heldOut.length > 0) {
      linear.path("held-out", run.recorded.epochs, heldOut, "stroke:var(--series-1);stroke-width:2");
      if (run.recorded.epochs.length <= 60) linear.dots("held-out-epochs", run.recorded.epochs, heldOut, "fill:var(--series-1)", 2);
      linear.upright("best", validation.best_epoch, "stroke:var(--series-2);stroke-width:1.5;stroke-dasharray:6 3");
      linear.dots("best-epoch", [validation.best_epoch], [validation.best_cost], "fill:none;stroke:var(--series-2);stroke-width:2.5", 6);
      more.push({name: "rows held out", color: "var(--series-1)"}, {name: `their lowest: epoch ${grouped(validation.best_epoch)}, ${short(validation.best_cost)}`, color: "var(--series-2)", dash: "6 3"});
      says = `The cost of the rows held out is without penalty.${result.recorded ? "" : " It is that of the recorded run."}`;
    }
    linear.end({alt, legend: [...legend, ...more], caption: says});

    const floor = result.recorded ? 1e-16 * Math.abs(lowest) : 0;
    const readable = list => list.map(value => value > floor ? value : NaN);
    const gaps = readable(result.gap), recordGap = readable(Float64Array.from(pick(run.recorded.gap, count, step), value => value > 4e-16 * Math.abs(lowest) ? value : NaN));
    // A tail of exact zeros must not stretch the axis to the smallest double.
    const [low, high] = extent([gaps.filter(value => value > 1e-40 * (result.gap[0] || 1))], true);
    above.begin({...epochAxis(result), y: [low, high], yLog: true});
    above.upright("now", point.epoch, now);
    if (forecast) above.path("forecast", forecast.epochs, readable(forecast.gap), styles[0]);
    const limit = run.data.plan.tolerance && folded && run.data.termination === "tolerance" ? run.data.plan.tolerance ** 2 * run.recorded.gap[0] : null;
    if (limit > 0) above.path("limit", [0, Math.max(1, result.last)], [limit, limit], "stroke:var(--muted);stroke-width:1;stroke-dasharray:5 3");
    above.path("cost", result.epochs, gaps, styles[1]);
    const outside = [];
    if (validation && heldOut.length > 0) {
      const lowestOut = heldOut.reduce((low, value) => value < low ? value : low, Infinity);
      above.path("held-out", run.recorded.epochs, heldOut.map(value => value > lowestOut ? value - lowestOut : NaN), "stroke:var(--series-1);stroke-width:1.5");
      above.upright("best", validation.best_epoch, "stroke:var(--series-2);stroke-width:1.5;stroke-dasharray:6 3");
      outside.push({name: "rows held out − their lowest", color: "var(--series-1)"}, {name: `lowest in epoch ${grouped(validation.best_epoch)}`, color: "var(--series-2)", dash: "6 3"});
    }
    above.dots("record", recordX, recordGap, "fill:var(--record)", 2);
    above.dots("at", [point.epoch], [point.gap > 0 ? point.gap : NaN], "fill:var(--ink)", 3.5);
    above.end({alt, legend: [...legend, ...(limit > 0 ? [{name: "where the run ends", color: "var(--muted)", dash: "5 3"}] : []), ...outside],
      caption: !folded ? `The lowest recorded cost is ${short(lowest, 8)}; where it was reached there is no point.` : recordGap.some(value => value !== value) ? "Recorded dots end where cost − lowest cost drowns in the last digit of the cost" + (result.recorded ? "." : "; the replay computes it apart.") : ""});
  };
  return {frames: [linear.frame, above.frame], draw};
}

export function rateCurves(run) {
  const gradient = new Plot({id: "plot-gradient", title: "Gradient norm by epoch", xName: "epoch", yName: "gradient norm"});
  const rate = new Plot({id: "plot-rate", title: "Learning rate by epoch", xName: "epoch", yName: "learning rate"});
  const draw = ({result, point}) => {
    const norms = result.gradient.map(value => value > 0 ? value : NaN);
    gradient.begin({...epochAxis(result), y: extent([norms.filter(value => value > 1e-30 * (result.gradient[0] || 1))], true), yLog: true});
    gradient.upright("now", point.epoch, now);
    gradient.path("gradient", result.epochs, norms, "stroke:var(--series-2);stroke-width:2");
    gradient.dots("at", [point.epoch], [point.gradient > 0 ? point.gradient : NaN], "fill:var(--ink)", 3.5);
    gradient.end({alt: `The norm of the gradient falls from ${short(result.gradient[0], 4)} to ${short(result.gradient[result.gradient.length - 1], 4)}; at epoch ${grouped(point.epoch)} it is ${short(point.gradient, 4)}.`,
      caption: `In the coordinates of --scale ${run.data.plan.scale}.`});
    const limit = result.recorded && run.asRun.method === "recorded" ? null : run.limit(result.settings);
    rate.begin({...epochAxis(result), y: extent([result.rate, limit ? [0, limit] : [0]])});
    rate.upright("now", point.epoch, now);
    if (limit) rate.path("limit", [0, Math.max(1, result.last)], [limit, limit], "stroke:var(--series-1);stroke-width:1.5;stroke-dasharray:5 3");
    rate.path("rate", result.epochs, result.rate, "stroke:var(--series-3);stroke-width:2");
    if (result.epochs.length === 2) rate.dots("rates", result.epochs, result.rate, "fill:var(--series-3)", 3);
    rate.end({legend: [{name: "learning rate", color: "var(--series-3)"}, ...(limit ? [{name: `largest stable rate ${short(limit)}`, color: "var(--series-1)", dash: "5 3"}] : [])],
      alt: `The learning rate of the step that led to each epoch; at the end ${short(result.rate[result.rate.length - 1])}` + (limit ? `, the largest stable one is ${short(limit)}.` : "."),
      caption: result.recorded ? "" : "Constant here; the limit is that of the method chosen."});
  };
  // Methods that find the length of a step themselves may have no rate to show.
  const rated = run.replay || run.recorded.rate.some(Number.isFinite);
  return {frames: rated ? [rate.frame, gradient.frame] : [gradient.frame], draw};
}
