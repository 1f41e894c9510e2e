// SPDX-License-Identifier: Apache-2.0
// What stands in words and numbers: the verdict, the figures, the coefficients, the audit, how to run it again.
import {asRunCommand} from "command";
import {figure} from "chart";
import {el, table} from "dom";
import {grouped, plural, short} from "numbers";

const Plot = globalThis.Plot;

export function verdict(data) {
  const {tone, ending, certificate, next} = data.verdict;
  const title = {good: "Converged", caution: "Not settled", bad: "Diverged"}[tone];
  const sure = data.plan.over_rows && data.cost_gap_bound !== null ? `Certificate: ${certificate}.`
    : data.plan.over_rows ? "No certificate: this cost has no closed form to compare with."
    : data.cost_gap_bound === null ? "No certificate: see the warnings."
    : data.diverged ? `At the parameters given, ${certificate}.` : `Certificate: ${certificate}.`;
  return el("section", {class: `verdict ${tone}`, id: "verdict", "aria-label": "verdict"},
    el("h2", {text: title}), el("p", {class: "lead", text: ending.replace(/^./, letter => letter.toUpperCase()).replace(/\.?$/, ".")}),
    el("p", {text: sure}), el("p", {class: "next"}, el("strong", {text: "Next: "}), next));
}

function tile(name, value, note) {
  return el("div", {class: "tile"}, el("dt", {text: name}), el("dd", {}, el("span", {class: "figure", text: value}), note ? el("span", {class: "quiet", text: note}) : null));
}

function zeros(data) {
  return data.parameters.filter(parameter => !parameter.intercept && parameter.value === 0);
}

export function figures(data) {
  const {plan} = data;
  return el("dl", {class: "tiles", id: "figures"},
    tile("epochs", grouped(data.epochs), plan.forecast_epochs !== null ? `forecast ${grouped(plan.forecast_epochs)}` : "no forecast"),
    tile(`cost (${plan.loss})`, short(data.cost, 7), data.lowest_cost !== null ? `lowest ${short(data.lowest_cost, 7)}` : data.cost_gap_bound !== null && data.cost_gap_bound > 0 ? `at most ${short(data.cost_gap_bound, 2)} above the lowest` : null),
    plan.loss === "logistic" ? tile("mean squared error", short(data.mse, 6), "of the probability (Brier score)")
      : plan.classification ? tile("on the wrong side", `${short(100 * data.mse, 4)}%`, "of the rows, by weight")
      : tile("root mean squared error", short(Math.sqrt(data.mse), 7), `in units of ${data.target}`),
    data.r2 === null && plan.classification ? null : tile("r²", short(data.r2, 6), "share of the variance explained"),
    data.plan.l1 > 0 ? tile("exactly zero", grouped(data.zero_count), `of ${plural(data.coefficient_count, "coefficient")}`) : null,
    tile("learning rate", short(plan.learning_rate), plan.largest_stable_rate !== null ? `stable below ${short(plan.largest_stable_rate)}` : plan.learning_rate === null ? (plan.optimizer === "cg" && !plan.over_rows ? "exact steps" : "found on the way") : null),
    plan.condition_number === null ? null : tile("condition number", short(plan.condition_number, 4), "how narrow the valley is"));
}

export function warnings(data) {
  const lines = [...data.warnings, ...data.notes];
  return lines.length === 0 ? null : el("ul", {class: "warnings", id: "warnings"}, lines.map(text => el("li", {text})));
}

export function objective(data) {
  return el("div", {class: "objective", id: "objective"},
    data.plan.formula ? el("p", {}, el("span", {class: "label", text: "formula"}), el("code", {text: data.plan.formula})) : null,
    el("p", {}, el("span", {class: "label", text: "data"}), data.data),
    el("p", {}, el("span", {class: "label", text: "cost"}), el("code", {text: `${data.plan.loss} = ${data.plan.objective}`})),
    el("p", {}, el("span", {class: "label", text: "method"}), data.plan.method));
}

/// Coefficients with their intervals, and the closed form beside them.
export function coefficients(run) {
  const {data} = run;
  const most = 200;
  const listed = data.parameters.slice(0, most);
  const rows = listed.map(parameter => {
    const {value, standard_error: error, exact, bound} = parameter;
    return [parameter.name, short(value, 10), short(error, 4), error > 0 ? short(value / error, 4) : "–",
      exact === null ? "–" : short(exact, 10), exact === null || value === null ? "–" : short(value - exact, 2), short(bound, 2)];
  });
  const closed = listed.some(parameter => parameter.exact !== null), erring = listed.some(parameter => parameter.standard_error !== null);
  const head = ["parameter", "value", "standard error", "t", "closed form", "value − closed form", "off by at most"];
  const out = [table(closed ? head : head.slice(0, erring ? 4 : 2), closed ? rows : rows.map(row => row.slice(0, erring ? 4 : 2)), {label: "coefficients", id: "coefficients"})];
  if (data.plan.l1 > 0) {
    const names = zeros(data).map(parameter => parameter.name), most = 20;
    out.push(el("p", {id: "zeros", text: data.zero_count === 0 ? "No coefficient is exactly zero; a larger --l1 makes zeros."
      : `Exactly zero, not only small: ${names.slice(0, most).join(", ")}${data.zero_count > most ? ` and ${grouped(data.zero_count - Math.min(most, names.length))} more` : ""}. There the cost has a kink: any move away costs more in penalty than the fit gains.`}));
  }
  const more = data.parameter_count - listed.length;
  if (more > 0) out.push(el("p", {class: "quiet", text: `${plural(more, "more parameter")}: --json or the model file has them all.`}));
  const picture = intervals(run);
  if (picture) out.unshift(picture);
  return out;
}

// Observable Plot draws what does not move. Values in standard errors would hide the size, so each is shown by t.
function intervals(run) {
  const rows = run.carried.filter(parameter => !parameter.intercept && parameter.standard_error > 0 && parameter.value !== null).slice(0, 12)
    .map(parameter => ({name: parameter.name, t: parameter.value / parameter.standard_error}));
  if (rows.length < 2 || rows.some(row => !Number.isFinite(row.t))) return null;
  return still("plot-t", "How clearly each parameter differs from zero", `t = value / standard error; the band is the range in which chance alone puts it 19 times of 20. ` +
    rows.map(row => `${row.name} ${short(row.t, 3)}`).join(", ") + ".", width => Plot.plot({
    width, height: 46 + 24 * rows.length, marginLeft: Math.min(170, 24 + 7 * Math.max(...rows.map(row => row.name.length))), marginRight: 20,
    style: {background: "none", fontSize: "12px"},
    x: {label: "t", nice: true}, y: {label: null, domain: rows.map(row => row.name), tickFormat: name => name.length > 22 ? name.slice(0, 21) + "…" : name},
    marks: [Plot.rectX([{}], {x1: -1.96, x2: 1.96, fill: "var(--forecast)"}), Plot.ruleX([0], {stroke: "var(--muted)"}),
      Plot.ruleY(rows, {x1: 0, x2: "t", y: "name", stroke: "var(--series-0)", strokeWidth: 2}), Plot.dot(rows, {x: "t", y: "name", fill: "var(--series-0)", r: 4})],
  }));
}

/// The eigenvalues: how steep each direction of the valley is.
export function spectrum(run) {
  if (!run.replay) return null;
  const floor = run.replay.size * 2.2e-16 * run.largest;
  const values = Array.from(run.replay.eigenvalues).reverse().map((value, k) => ({rank: k + 1, value})).filter(row => row.value > floor);
  if (values.length < 3 || values[0].value < 1.01 * values[values.length - 1].value) return null;
  return still("plot-spectrum", "How steep each direction of the valley is", `The ${values.length} eigenvalues of the Hessian, from ${short(values[0].value, 4)} down to ${short(values[values.length - 1].value, 4)}; the steepest limits the learning rate, the flattest decides how many epochs are needed.`,
    width => Plot.plot({width, height: 220, marginLeft: 62, style: {background: "none", fontSize: "12px"},
      x: {label: "direction, steepest first", tickFormat: value => Number.isInteger(value) ? String(value) : "", domain: [0.5, values.length + 0.5]}, y: {type: "log", label: "eigenvalue", grid: true, tickFormat: value => short(value, 2), ticks: 5},
      marks: [Plot.line(values, {x: "rank", y: "value", stroke: "var(--series-5)"}), Plot.dot(values, {x: "rank", y: "value", fill: "var(--series-3)", r: values.length > 60 ? 1.8 : 3.5})]}));
}

function still(id, title, alt, make) {
  const frame = figure({id, title, wide: true});
  frame.alt.textContent = alt;
  frame.caption.textContent = alt;
  frame.alt.hidden = true;
  let width = 0;
  frame.frame.still = () => {
    const now = Math.max(240, Math.round(frame.frame.clientWidth || 560));
    if (now === width) return;
    width = now;
    const drawn = make(width);
    const {picture} = frame;
    picture.setAttribute("viewBox", `0 0 ${drawn.getAttribute("width")} ${drawn.getAttribute("height")}`);
    picture.setAttribute("height", drawn.getAttribute("height"));
    picture.classList.add("still");
    picture.replaceChildren(...drawn.childNodes);
  };
  return frame.frame;
}

const scores = {cost: "cost", rmse: "root mean squared error", mae: "mean absolute error", r2: "r²", log_loss: "log loss", accuracy: "accuracy", auc: "area under the ROC curve"};

/// What the rows held out say: of --validation one column, of --folds one a fold with mean and deviation.
export function heldOut(data) {
  if (data.validation) {
    const {validation} = data, known = Object.keys(scores).filter(key => validation.score[key] !== null);
    return [el("p", {text: `${plural(validation.rows, "row")} were held out (a share of ${short(validation.share)}, seed ${validation.seed}), ${plural(validation.rows_training, "row")} were fitted to. Their cost was lowest, ${short(validation.best_cost)}, in epoch ${grouped(validation.best_epoch)}` +
      (validation.patience === null ? "; the parameters are those of the last epoch." : `, and the run was to wait ${plural(validation.patience, "epoch")} for a lower one: the parameters are those of epoch ${grouped(data.best_epoch)}.`)}),
      table(["of the rows held out", "value"], known.map(key => [scores[key], short(validation.score[key])]), {label: "scores of the rows held out", id: "validation"})];
  }
  const {folds} = data, known = Object.keys(scores).filter(key => folds.mean[key] !== null);
  return [el("p", {text: `Every row was held out once, in ${folds.folds.length} folds (seed ${folds.seed}); each was judged by a fit to all the others. The model of this page is fitted to all rows.`}),
    table(["fold", "rows", "epochs", ...known.map(key => scores[key])], [...folds.folds.map((fold, k) => [String(k + 1), grouped(fold.rows), grouped(fold.epochs), ...known.map(key => short(fold.score[key]))]),
      ["mean", "", "", ...known.map(key => short(folds.mean[key]))], ["standard deviation", "", "", ...known.map(key => short(folds.deviation[key]))]], {label: "scores of the folds", id: "folds"})];
}

export function audit(data) {
  const {audit: a} = data;
  const yes = (value, found) => `${value}${found ? " (found)" : ""}`;
  const facts = [["records read", grouped(a.records)], ["rows used", grouped(a.rows)], ["rows left out", `${grouped(a.rejected)} bad, ${grouped(a.missing)} with a missing cell, ${grouped(a.weightless)} of weight 0`],
    ["header", yes(a.header ? "yes" : "no", a.header_found)], ...(a.delimiter !== null ? [["delimiter", yes(a.delimiter === "\\t" ? "tab" : a.delimiter, a.delimiter_found)]] : []),
    ...(a.unused.length > 0 ? [["columns not used", a.unused.join(", ")]] : []), ...(a.first_rejected ? [["first bad row", a.first_rejected]] : []),
    ...(data.weights ? [["weights", data.weights]] : [])];
  const columns = data.columns.map(column => [column.name, column.role === "target" ? "target" : column.kind, grouped(column.missing), column.levels === null ? "" : grouped(column.levels),
    column.mean === null ? "" : short(column.mean), column.spread === null ? "" : column.spread > 0 ? short(column.spread) : "constant"]);
  const more = data.column_count - columns.length;
  return [table(["what", "taken as"], facts, {label: "ingest audit", id: "audit"}),
    table(["column", "taken as", "missing", "levels", "mean", "standard deviation"], columns, {label: "columns", id: "columns"}),
    more > 0 ? el("p", {class: "quiet", text: plural(more, "more column")}) : null];
}

export function again(data) {
  return el("div", {id: "again"},
    el("p", {text: "The same command gives the same numbers, to the last bit, for any number of threads:"}),
    el("pre", {class: "scroll", tabindex: "0"}, el("code", {text: asRunCommand(data)})),
    table(["what", "value"], [["program", `talweg ${data.version}`], ["fingerprint of the data", data.fingerprint], ["objective", `${data.plan.loss} = ${data.plan.objective}`],
      ["method", data.plan.method], ["forecast", data.plan.forecast], ["updates, evaluations", `${grouped(data.epochs)}, ${grouped(data.evaluations)}`]], {label: "how it was run", id: "run"}));
}
