// SPDX-License-Identifier: Apache-2.0
// The data: with one feature the points, the line and (few rows) the residuals and the predictions in a list; with
// more, predicted against observed and the residuals. Predictions follow the epoch shown.
import {Plot, extent} from "chart";
import {manyColumns, oneColumn} from "classes";
import {table} from "dom";
import {grouped, short} from "numbers";

export const fewRows = 30;

export function sampleText(rows) {
  return rows.target.length === rows.of ? `all ${grouped(rows.of)} rows` : `a sample of ${grouped(rows.target.length)} of ${grouped(rows.of)} rows`;
}

/// Predictions of the rows at a point; null: they cannot follow.
export function predictions(run, rows, point) {
  const {away, index} = point, {replay, surface} = run, count = rows.target.length;
  if (surface) return surface.follows ? surface.predictions(point.values) : null;
  if (rows.path.length > 0 && index !== undefined) return rows.path.subarray(index * count, (index + 1) * count);
  if (!away || rows.parts.length === 0) return null;
  const n = replay.size;
  return rows.optimal.map((optimal, r) => {
    let sum = optimal;
    for (let i = 0, at = r * n; i < n; ++i, ++at) sum += rows.parts[at] * away[i];
    return sum;
  });
}

export function dataPlots(run) {
  const {rows, target} = run.data;
  if (!rows || rows.target.length === 0) return {frames: [], draw: () => {}, extra: null};
  if (run.surface && rows.x.length > 0) return oneColumn(run);
  if (run.data.plan.classification && rows.x.length === 0) return manyColumns(run);
  return rows.x.length > 0 ? onePlot(run, rows, target) : manyPlots(run, rows, target);
}

export function dotStyle(count) {
  return {radius: count > 800 ? 1.6 : count > 100 ? 2.2 : 3.6, style: `fill:var(--series-0);fill-opacity:${count > 300 ? 0.45 : 0.85}`};
}

function onePlot(run, rows, target) {
  // A straight line is told by two rows; a curve by its own points, or by all rows.
  const curved = Boolean(run.data.plan.formula) && !(run.replay && run.data.parameters.length <= 2);
  const plot = new Plot({id: "plot-data", title: `${target} against ${rows.x_name}, with the ${curved ? "curve" : "line"}`, xName: rows.x_name, yName: target, height: 340});
  const closed = rows.optimal.length > 0;
  const list = table([], [], {label: "predictions"});
  const few = rows.target.length <= fewRows && rows.of === rows.target.length;
  const order = Array.from(rows.x.keys()).sort((a, b) => rows.x[a] - rows.x[b]);
  const ends = [order[0], order[order.length - 1]];
  const x = extent([rows.x]);
  const draw = ({result, point}) => {
    const predicted = predictions(run, rows, point) ?? rows.prediction;
    const moves = predicted !== rows.prediction || (rows.curve_x.length > 0 && point.index !== undefined);
    plot.begin({x, y: extent([rows.target, closed ? (curved ? rows.optimal : ends.map(r => rows.optimal[r])) : rows.prediction])});
    // Two rows settle a line; it is drawn through the whole frame.
    const through = (name, values, style) => {
      if (curved) {
        const grid = rows.curve_x.length, own = grid > 0 && point.index !== undefined;
        if (own) plot.path(name, rows.curve_x, rows.curve_path.subarray(point.index * grid, (point.index + 1) * grid), style);
        else plot.path(name, order.map(r => rows.x[r]), order.map(r => values[r]), style);
        return;
      }
      const [a, b] = ends, run_ = rows.x[b] - rows.x[a];
      if (run_ === 0) return;
      const slope = (values[b] - values[a]) / run_;
      const [left, right] = plot.x.domain();
      plot.path(name, [left, right], [values[a] + slope * (left - rows.x[a]), values[a] + slope * (right - rows.x[a])], style);
    };
    if (closed) through("closed-form", rows.optimal, "stroke:var(--forecast);stroke-width:6");
    if (few) plot.segments("residuals", order.map(r => [rows.x[r], rows.target[r], rows.x[r], predicted[r]]), "stroke:var(--series-1);stroke-width:1.5");
    const {radius, style} = dotStyle(rows.target.length);
    plot.dots("rows", rows.x, rows.target, style, radius);
    through("fit", predicted, "stroke:var(--ink);stroke-width:2");
    plot.end({
      legend: [{name: "rows", color: "var(--series-0)", kind: "dot"}, {name: `the ${curved ? "curve" : "line"} ${moves ? `at epoch ${grouped(point.epoch)}` : "of the fit"}`, color: "var(--ink)"},
        ...(closed ? [{name: "closed form", color: "var(--forecast)", width: 6}] : []), ...(few ? [{name: "residuals", color: "var(--series-1)"}] : [])],
      caption: `Drawn from ${sampleText(rows)}.` + (moves ? "" : " The line is that of the fit: it cannot follow the epoch here."),
      alt: `Points of ${sampleText(rows)}; at epoch ${grouped(point.epoch)} ${curved ? `the curve is that of ${run.carried.map((parameter, j) => `${parameter.name} = ${short(point.values[j])}`).join(", ")}.` : `the line is ${target} = ${run.carried.map((parameter, j) => parameter.intercept ? short(point.values[j]) : `${short(point.values[j])}·${rows.x_name}`).join(" + ")}.`}`,
    });
    if (!few) return;
    const fresh = table([rows.x_name, target, "prediction", "residual"], order.map(r => [short(rows.x[r], 8), short(rows.target[r], 8), short(predicted[r], 8), short(rows.target[r] - predicted[r], 5)]),
      {label: "predictions at the epoch shown", id: "predictions"});
    list.replaceChildren(...fresh.childNodes);
  };
  return {frames: [plot.frame], draw, extra: few ? list : null};
}

function manyPlots(run, rows, target) {
  const fitted = new Plot({id: "plot-data", title: "Predicted against observed", xName: `${target}, predicted`, yName: `${target}, observed`, height: 340});
  const residual = new Plot({id: "plot-residuals", title: "Residuals against predictions", xName: `${target}, predicted`, yName: "observed − predicted", height: 340});
  const draw = ({point}) => {
    const predicted = predictions(run, rows, point) ?? rows.prediction;
    const follows = predicted !== rows.prediction;
    const {radius, style} = dotStyle(rows.target.length);
    const best = rows.optimal.length > 0 ? rows.optimal : rows.prediction;
    const x = extent([best, rows.prediction]), y = extent([rows.target]);
    const caption = `Drawn from ${sampleText(rows)}` + (follows ? `, at epoch ${grouped(point.epoch)}.` : ", at the parameters of the fit.");
    fitted.begin({x, y});
    const diagonal = [Math.min(...fitted.x.domain(), ...fitted.y.domain()), Math.max(...fitted.x.domain(), ...fitted.y.domain())];
    fitted.dots("rows", predicted, rows.target, style, radius);
    fitted.path("diagonal", diagonal, diagonal, "stroke:var(--ink);stroke-width:1.5");
    let inside = 0, squares = 0;
    predicted.forEach((value, r) => { squares += (rows.target[r] - value) ** 2; inside += 1; });
    fitted.end({legend: [{name: "rows", color: "var(--series-0)", kind: "dot"}, {name: "predicted = observed", color: "var(--ink)"}], caption,
      alt: `${sampleText(rows)}; the root mean square of observed minus predicted in them is ${short(Math.sqrt(squares / inside), 4)}.`});
    const left = rows.target.map((value, r) => value - predicted[r]);
    const final = rows.target.map((value, r) => value - best[r]);
    residual.begin({x, y: extent([final, [0]])});
    residual.dots("rows", predicted, left, style, radius);
    residual.path("zero", residual.x.domain(), [0, 0], "stroke:var(--ink);stroke-width:1.5");
    const [low, high] = extent([left]);
    residual.end({caption, alt: `Residuals of ${sampleText(rows)} lie between ${short(low, 4)} and ${short(high, 4)}.`});
  };
  return {frames: [fitted.frame, residual.frame], draw, extra: null};
}
