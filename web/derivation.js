// SPDX-License-Identifier: Apache-2.0
// The gradient, derived: MathML is read as XML and copied element by element, MathML elements only; and for few rows
// the first step in numbers.
import {el, table} from "dom";
import {short} from "numbers";

const space = "http://www.w3.org/1998/Math/MathML";
const allowed = new Set(["math", "mrow", "mi", "mo", "mn", "mtext", "msub", "msup", "msubsup", "mfrac", "msqrt", "mroot", "munder", "mover",
  "munderover", "mtable", "mtr", "mtd", "mspace", "mstyle", "mpadded", "semantics"]);
const attributes = new Set(["display", "mathvariant", "stretchy", "columnalign", "linethickness", "width", "fence", "separator"]);

function copy(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !allowed.has(node.localName)) return null;
  const out = document.createElementNS(space, node.localName);
  for (const {name, value} of node.attributes) if (attributes.has(name)) out.setAttribute(name, value);
  for (const child of node.childNodes) {
    const copied = copy(child);
    if (copied) out.append(copied);
  }
  return out;
}

export function math(text) {
  const parsed = new DOMParser().parseFromString(text, "application/xml");
  return parsed.querySelector("parsererror") ? null : copy(parsed.documentElement);
}

// The first step of gradient descent over few rows, as one would do it by hand.
function firstStep(run) {
  const {data, carried} = run, {rows} = data;
  const few = 30;
  if (!rows || rows.of !== rows.target.length || rows.of > few || rows.x.length === 0 || data.l2 > 0 || data.plan.over_rows || data.parameters.length > 2) return null;
  if (data.plan.scale !== "none") {
    return [el("p", {class: "quiet", text: "This descent runs in standardised coordinates; add --scale none for a first step that can be followed by hand in the columns' own units."})];
  }
  if (!run.replay || run.asRun.method === "recorded") return null;
  const slope = carried.find(parameter => !parameter.intercept), intercept = carried.find(parameter => parameter.intercept);
  const a = slope?.start ?? 0, b = intercept?.start ?? 0;
  const weight = r => rows.weight.length > 0 ? rows.weight[r] : 1;
  let total = 0, sumA = 0, sumB = 0;
  const lines = Array.from(rows.x, (x, r) => {
    const predicted = a * x + b, error = predicted - rows.target[r];
    total += weight(r);
    sumA += weight(r) * error * x;
    sumB += weight(r) * error;
    return [short(x), short(rows.target[r]), short(predicted), short(error), short(error * x)];
  });
  const factor = {mse: 2 / total, "half-mse": 1 / total, sse: 2}[data.plan.loss];
  const factorText = {mse: `2/${short(total)}`, "half-mse": `1/${short(total)}`, sse: "2"}[data.plan.loss];
  const rate = run.asRun.rate;
  const weighted = rows.weight.length > 0 ? "weighted " : "";
  const says = [];
  if (slope) says.push(`Gradient in ${slope.name}: ${factorText} × ${short(sumA)} = ${short(factor * sumA)}; new ${slope.name} = ${short(a)} − ${short(rate)} × ${short(factor * sumA)} = ${short(a - rate * factor * sumA)}.`);
  if (intercept) says.push(`Gradient in ${intercept.name}: ${factorText} × ${short(sumB)} = ${short(factor * sumB)}; new ${intercept.name} = ${short(b)} − ${short(rate)} × ${short(factor * sumB)} = ${short(b - rate * factor * sumB)}.`);
  return [el("h3", {text: "The first step in numbers"}),
    table([rows.x_name, data.target, "prediction at the start", "error = prediction − observed", "error × " + rows.x_name], [...lines,
      [`${weighted}sum`, "", "", short(sumB), short(sumA)]], {label: "the first step", id: "first-step"}),
    ...says.map(text => el("p", {class: "says", text}))];
}

export function derivation(run) {
  const lines = run.data.derivation.map(line => ({says: line.says, math: math(line.mathml)})).filter(line => line.math);
  if (lines.length === 0) return null;
  return el("div", {class: "derivation"},
    el("ol", {class: "lines", id: "derivation"}, lines.map(line => el("li", {}, el("p", {class: "quiet", text: line.says}), el("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": line.says}, line.math)))),
    firstStep(run));
}
