// SPDX-License-Identifier: Apache-2.0
// The data of a model with a loss, one column across: the line, the logistic curve or the Poisson mean at the epoch
// shown; and classes over several columns: what is predicted of each, how often that is right, and over two columns the
// border between them.
import {Plot, extent} from "chart";
import {table} from "dom";
import {grouped, short} from "numbers";
import {dotStyle, fewRows, predictions, sampleText} from "rows";

// A number in [-1, 1] that depends on the row alone: points of one class lie on a line and would hide each other.
function aside(number) {
  const x = Math.sin((number + 1) * 12.9898) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

function classNames(plan) {
  const [low, high] = plan.classes.length === 2 ? plan.classes : plan.loss === "logistic" ? ["0", "1"] : ["-1", "+1"];
  return {low, high, floor: plan.loss === "logistic" ? 0 : -1, border: plan.loss === "logistic" ? 0.5 : 0};
}

/// Of which kind is a curve of predictions over one column.
function curveName(plan) {
  return {logistic: "logistic curve", poisson: "Poisson mean", quantile: `line of the quantile ${plan.quantile}`}[plan.loss] ?? "line";
}

export function oneColumn(run) {
  const {rows, target, plan} = run.data, {surface} = run;
  const classes = plan.classification, names = classes ? classNames(plan) : null, kind = curveName(plan);
  const plot = new Plot({id: "plot-data", title: `${target} against ${rows.x_name}, with the ${kind}`, xName: rows.x_name,
    yName: !classes ? target : plan.loss === "logistic" ? `${target}: probability of ${names.high}` : `${target}: prediction f`, height: 360});
  const few = rows.target.length <= fewRows && rows.of === rows.target.length;
  const list = table([], [], {label: "predictions"});
  const order = Array.from(rows.x.keys()).sort((a, b) => rows.x[a] - rows.x[b]);
  const x = extent([rows.x]), slope = run.carried.findIndex(parameter => !parameter.intercept);
  const shift = classes && rows.target.length > fewRows ? 0.04 * (1 - names.floor) : 0;
  const heights = rows.target.map((value, r) => value + shift * aside(rows.numbers[r]));
  const draw = ({point}) => {
    const b = surface.intercept >= 0 ? point.values[surface.intercept] : 0, w = slope >= 0 ? point.values[slope] : 0;
    const at = value => surface.mean(w * value + b);
    const atEnd = value => surface.mean(run.carried[slope]?.value * value + (surface.intercept >= 0 ? run.carried[surface.intercept].value : 0));
    plot.begin({x, y: extent(classes ? [heights, plan.loss === "logistic" ? [0, 1] : [-1.2, 1.2]] : [heights, [atEnd(x[0]), atEnd(x[1])].filter(value => Math.abs(value) < 4 * Math.max(...rows.target.map(Math.abs)))])});
    const [left, right] = plot.x.domain(), grid = Float64Array.from({length: 161}, (_, k) => left + (right - left) * k / 160);
    const predicted = rows.x.map(at);
    if (classes) {
      const dashed = "stroke:var(--muted);stroke-width:1;stroke-dasharray:4 4";
      plot.path("border-y", [left, right], [names.border, names.border], dashed);
      if (w !== 0 && -b / w > left && -b / w < right) plot.upright("border", -b / w, dashed);
      if (plan.loss !== "logistic") for (const side of [-1, 1]) plot.path(`margin${side}`, [left, right], [side, side], "stroke:var(--grid);stroke-width:1.5");
    }
    if (few && !classes) plot.segments("residuals", order.map(r => [rows.x[r], rows.target[r], rows.x[r], predicted[r]]), "stroke:var(--series-1);stroke-width:1.5");
    const {radius, style} = dotStyle(rows.target.length);
    plot.dots("rows", rows.x, heights, style, radius);
    plot.path("fit", grid, grid.map(at), "stroke:var(--ink);stroke-width:2");
    const says = [`Drawn from ${sampleText(rows)}.`];
    if (plan.loss === "quantile") says.push(`${short(100 * rows.target.filter((value, r) => value <= predicted[r] + 1e-9 * (1 + Math.abs(value))).length / rows.target.length, 3)}% of them lie on the line or below it.`);
    if (classes) says.push(`Dashed: where the prediction changes from ${names.low} to ${names.high}${w !== 0 ? `, ${rows.x_name} = ${short(-b / w)}` : ""}.${shift > 0 ? " Points are moved up and down a little, to be seen." : ""}`);
    plot.end({
      legend: [{name: "rows", color: "var(--series-0)", kind: "dot"}, {name: `the ${kind} at epoch ${grouped(point.epoch)}`, color: "var(--ink)"}, ...(few && !classes ? [{name: "residuals", color: "var(--series-1)"}] : [])],
      caption: says.join(" "),
      alt: `Points of ${sampleText(rows)}; at epoch ${grouped(point.epoch)} the ${kind} is that of ${run.carried.map((parameter, j) => `${parameter.name} = ${short(point.values[j])}`).join(", ")}.`,
    });
    if (!few) return;
    const head = classes ? [rows.x_name, target, plan.loss === "logistic" ? `probability of ${names.high}` : "prediction f", "right"] : [rows.x_name, target, "prediction", "residual"];
    const fresh = table(head, order.map(r => [short(rows.x[r], 8), classes ? (rows.target[r] > names.border ? names.high : names.low) : short(rows.target[r], 8), short(predicted[r], 8),
      classes ? ((predicted[r] > names.border) === (rows.target[r] > names.border) ? "yes" : "no") : short(rows.target[r] - predicted[r], 5)]), {label: "predictions at the epoch shown", id: "predictions"});
    list.replaceChildren(...fresh.childNodes);
  };
  return {frames: [plot.frame], draw, extra: few ? list : null};
}

/// Classes over several columns.
export function manyColumns(run) {
  const {rows, target, plan} = run.data, names = classNames(plan), logistic = plan.loss === "logistic";
  const what = logistic ? `probability of ${names.high}` : "prediction f";
  const strip = new Plot({id: "plot-data", title: `What is predicted for each class of ${target}`, xName: what, yName: "", height: 340});
  const shift = rows.target.map((_, r) => 0.32 * aside(rows.numbers[r]));
  const positive = rows.target.map(value => value > names.border ? 1 : 0);
  const parts = [strip], two = border(run, names, positive), often = logistic ? calibration(names) : null;
  if (two) parts.unshift(two);
  if (often) parts.push(often);
  const draw = frame => {
    const {point} = frame, predicted = predictions(run, rows, point) ?? rows.prediction, follows = predicted !== rows.prediction;
    const when = follows ? `at epoch ${grouped(point.epoch)}` : "at the parameters of the fit";
    const {radius} = dotStyle(rows.target.length), opacity = rows.target.length > 300 ? 0.4 : 0.8;
    strip.begin({x: logistic ? [0, 1] : extent([rows.prediction, [-1.1, 1.1]]), y: [-0.5, 1.5], tightY: true, yFormat: value => value === 0 ? names.low : value === 1 ? names.high : ""});
    strip.upright("border", names.border, "stroke:var(--muted);stroke-width:1;stroke-dasharray:4 4");
    if (!logistic) for (const side of [-1, 1]) strip.upright(`margin${side}`, side, "stroke:var(--grid);stroke-width:1.5");
    for (const side of [0, 1]) {
      const chosen = Array.from(positive.keys()).filter(r => positive[r] === side);
      strip.dots(side ? "rows" : "others", chosen.map(r => predicted[r]), chosen.map(r => side + shift[r]), `fill:var(--series-${side});fill-opacity:${opacity}`, radius);
    }
    const right = positive.filter((side, r) => (predicted[r] > names.border) === (side === 1)).length;
    strip.end({caption: `Drawn from ${sampleText(rows)}, ${when}: ${short(100 * right / positive.length, 3)}% are on the side of their class. Points are moved up and down to be seen.`,
      legend: [{name: `rows of ${names.high}`, color: "var(--series-1)", kind: "dot"}, {name: `rows of ${names.low}`, color: "var(--series-0)", kind: "dot"}, {name: "where the prediction changes", color: "var(--muted)", dash: "4 4"}],
      alt: `${sampleText(rows)} by their ${what}; ${right} of ${positive.length} are on the side of their class ${when}.`});
    if (two) two.draw(frame, predicted);
    if (often) often.draw(predicted, positive, when);
  };
  return {frames: parts.map(part => part.frame), draw, extra: null,
    note: logistic ? null : `${plan.loss} predicts a side, not a probability, so there is no plot of how often a probability comes true.`};
}

// The share of +1 among rows of about one probability.
function calibration(names) {
  const plot = new Plot({id: "plot-calibration", title: "How often a probability comes true", xName: `probability of ${names.high}, predicted`, yName: `share of ${names.high}, observed`, height: 340});
  plot.draw = (predicted, positive, when) => {
    const bins = Array.from({length: 10}, () => ({sum: 0, hits: 0, count: 0}));
    predicted.forEach((p, r) => { const bin = bins[Math.min(9, Math.floor(10 * p))]; bin.sum += p; bin.hits += positive[r]; ++bin.count; });
    const full = bins.filter(bin => bin.count > 0);
    plot.begin({x: [0, 1], y: [0, 1]});
    plot.path("diagonal", [0, 1], [0, 1], "stroke:var(--ink);stroke-width:1.5");
    // Twice the standard error of a share, where the probability is right.
    plot.segments("chance", full.map(({sum, count}) => { const p = sum / count, e = 2 * Math.sqrt(p * (1 - p) / count); return [p, Math.max(0, p - e), p, Math.min(1, p + e)]; }), "stroke:var(--forecast);stroke-width:7");
    plot.dots("shares", full.map(bin => bin.sum / bin.count), full.map(bin => bin.hits / bin.count), "fill:var(--series-1)", 4);
    plot.end({caption: `Rows in ten groups of probability, ${when}. Bars: where chance alone puts the share 19 times of 20.`,
      legend: [{name: "observed share of a group", color: "var(--series-1)", kind: "dot"}, {name: "predicted = observed", color: "var(--ink)"}, {name: "room of chance", color: "var(--forecast)", width: 7}],
      alt: `Of ${full.length} groups: ${full.map(bin => `${short(bin.sum / bin.count, 2)} predicted, ${short(bin.hits / bin.count, 2)} observed`).join("; ")}.`});
  };
  return plot;
}

// Two columns of numbers: the plane of both, with the line between the classes.
function border(run, names, positive) {
  const {surface} = run, features = run.carried.map((_, j) => j).filter(j => !run.carried[j].intercept);
  const numeric = run.data.columns.filter(column => column.role === "feature" && column.kind === "numeric").length;
  if (!surface || features.length !== 2 || numeric !== 2 || run.data.parameters.filter(parameter => !parameter.intercept).length !== 2) return null;
  const {rows} = surface, [a, b] = features, {spread, mean} = surface.landscape, width = surface.width;
  const column = j => Float64Array.from(rows.target, (_, r) => rows.cells[r * width + j] * spread[j] + mean[j]);
  const xs = column(a), ys = column(b), across = run.carried[a].name, up = run.carried[b].name;
  const plot = new Plot({id: "plot-border", title: `The border between ${names.low} and ${names.high}`, xName: across, yName: up, height: 380});
  plot.draw = ({point}, predicted) => {
    const {radius} = dotStyle(rows.target.length), opacity = rows.target.length > 300 ? 0.45 : 0.85;
    plot.begin({x: extent([xs]), y: extent([ys])});
    for (const side of [0, 1]) {
      const chosen = Array.from(positive.keys()).filter(r => positive[r] === side);
      plot.dots(side ? "rows" : "others", chosen.map(r => xs[r]), chosen.map(r => ys[r]), `fill:var(--series-${side});fill-opacity:${opacity}`, radius);
    }
    const c = surface.intercept >= 0 ? point.values[surface.intercept] : 0, u = point.values[a], v = point.values[b];
    const [left, right] = plot.x.domain(), [low, high] = plot.y.domain();
    // The line f = level, through the whole frame whichever way it runs.
    const line = (name, level, style) => {
      if (u === 0 && v === 0) return;
      const steep = Math.abs(v) * (high - low) < Math.abs(u) * (right - left);
      const ends = steep ? [low, high].map(y => [(level - c - v * y) / u, y]) : [left, right].map(x => [x, (level - c - u * x) / v]);
      plot.path(name, ends.map(end => end[0]), ends.map(end => end[1]), style);
    };
    if (run.data.plan.loss !== "logistic") for (const side of [-1, 1]) line(`margin${side}`, side, "stroke:var(--muted);stroke-width:1.2;stroke-dasharray:4 4");
    line("fit", 0, "stroke:var(--ink);stroke-width:2");
    const wrong = positive.filter((side, r) => (predicted[r] > names.border) !== (side === 1)).length;
    plot.end({caption: `Drawn from ${sampleText(rows)}; at epoch ${grouped(point.epoch)}, ${grouped(wrong)} of them lie on the wrong side.`,
      legend: [{name: names.high, color: "var(--series-1)", kind: "dot"}, {name: names.low, color: "var(--series-0)", kind: "dot"}, {name: `the border at epoch ${grouped(point.epoch)}`, color: "var(--ink)"},
        ...(run.data.plan.loss === "logistic" ? [] : [{name: "the margins, f = ±1", color: "var(--muted)", dash: "4 4"}])],
      alt: `Points of two classes over ${across} and ${up}; the border at epoch ${grouped(point.epoch)} is ${short(u)} × ${across} + ${short(v)} × ${up} + ${short(c)} = 0.`});
  };
  return plot;
}
