// SPDX-License-Identifier: Apache-2.0
// Which method suits which cost: the findings of docs/methods.md, with the row that this fit belongs to.
import {el} from "dom";
import {plural} from "numbers";

const smooth = ["huber", "logistic", "poisson", "squared-hinge"];
const manyColumns = 500;

const rows = [
  {key: "folded", when: "squared error", method: ["auto (gd, cg)"], why: "The rows are read once; an epoch then costs nothing whatever their number, and the number of epochs is told beforehand.",
    epochs: "women 1, flights_200k 8"},
  {key: "wide-squares", when: "squared error, some 1,500 columns or more", method: ["cg"], why: "Folding would take longer than the epochs: the rows stay in memory, and every step has its exact length.", epochs: ""},
  {key: "smooth", when: "logistic, poisson, huber, squared-hinge; up to some hundred columns", method: ["newton"], why: "The curvature of the loss makes nearly every step the last.",
    epochs: "mtcars logistic: newton 8, lbfgs 16, nesterov 39, gd 146; warpbreaks poisson: 5, 11, 46, 34; diabetes huber: 8, 38, 333, 3,241"},
  {key: "wide", when: "the same with hundreds of columns or more", method: ["lbfgs"], why: "It learns the curvature from its own steps, without d × d numbers.", epochs: "as above, the second number"},
  {key: "kink", when: "mae, quantile, hinge", method: ["newton"], why: "On the loss smoothed over a width that shrinks, then exactly at the kink; plain steps jump to and fro across it.",
    epochs: "diabetes median: newton 37, lbfgs 291, cg 1,608, gd not within 10,000"},
  {key: "l1", when: "an l1 penalty (lasso, elastic net)", method: ["newton"], why: "Proximal steps make exact zeros; between them it goes to the lowest point on the coefficients that are not zero.",
    epochs: "diabetes lasso: newton 14, nesterov 453, gd 11,749"},
  {key: "batches", when: "millions of rows, a good answer soon", method: ["gd --batch-size 32, or 1"], why: "Every row moves the parameters; without --learning-rate the rate is found on the way and the noise dies out.",
    epochs: "flights_200k 6; faithful 12 and 18; kinks are slow: up to 10,000"},
  {key: "curved", when: "a formula that is not linear in its parameters", method: ["lm", "newton"], why: "lm for squared error, newton for other losses; there may be several valleys: --restarts 20.", epochs: ""},
  {key: "lesson", when: "a lesson", method: ["gd, momentum, nesterov"], why: "With a --learning-rate of your own on two or three columns every step can be followed by hand.", epochs: ""},
];

/// The row of the table that a fit belongs to.
export function shapeOf(data) {
  const {plan} = data, squares = ["mse", "half-mse", "sse"].includes(plan.loss);
  if (plan.formula && plan.over_rows && squares) return "curved";
  if (plan.l1 > 0) return "l1";
  if (plan.over_rows && squares) return "wide-squares";
  if (plan.kink) return "kink";
  if (smooth.includes(plan.loss)) return data.parameter_count > manyColumns ? "wide" : "smooth";
  return "folded";
}

function thisRun(data) {
  const {plan} = data, own = rows.find(row => row.key === shapeOf(data));
  const batches = plan.batch_size === null ? "" : ` after batches of ${plural(plan.batch_size, "row")}`;
  const run = `This run: ${plan.loss}${plan.l1 > 0 ? " with an l1 penalty" : ""}, ${plural(data.parameter_count, "parameter")} over ${plural(data.validation?.rows_training ?? data.audit.rows, "row")}, by ${plan.optimizer}${batches}, ${plural(data.epochs, "epoch")}.`;
  if (plan.batch_size !== null) return run;
  const chosen = own.method.some(method => method.startsWith("auto") || method.startsWith(plan.optimizer));
  return chosen ? run : `${run} For an answer in few epochs leave --optimizer and --learning-rate out: talweg then takes ${own.method.length > 1 ? (plan.loss.endsWith("se") ? own.method[0] : own.method[1]) : own.method[0]}.`;
}

export function advice(data) {
  const here = shapeOf(data);
  const kinked = !data.plan.kink ? null
    : data.plan.batch_size !== null ? (data.plan.learning_rate === null ? "The steps after batches go down the loss smoothed over a width that shrinks; the costs shown are those of the loss itself." : null)
    : data.plan.learning_rate === null
      ? `The path shown is that of smoothed costs: ${data.plan.loss} has a kink, so the descent goes down the loss smoothed over a width that shrinks tenfold from stage to stage, and ends exactly, on the loss itself. The costs shown are those of the loss itself, which may rise where a stage begins.`
      : `With a learning rate given the steps are those of the loss itself (subgradients): near the kink they jump to and fro, and no constant rate lets them come to rest.`;
  return [kinked ? el("p", {id: "kink-note", text: kinked}) : null, el("p", {text: thisRun(data)}),
    el("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "which method for which cost"}, el("table", {id: "methods"},
      el("thead", {}, el("tr", {}, ["cost", "method", "why", "epochs on real data"].map(text => el("th", {scope: "col", text})))),
      el("tbody", {}, rows.map(row => el("tr", {class: row.key === here || (row.key === "batches" && data.plan.batch_size !== null) ? "here" : null},
        el("th", {scope: "row", text: row.when}), el("td", {text: row.method.join(", ")}), el("td", {text: row.why}), el("td", {text: row.epochs})))))),
    el("p", {class: "quiet", text: "Epochs until the run ends by itself, columns standardised for the descent; docs/methods.md has the whole table."})].filter(Boolean);
}
