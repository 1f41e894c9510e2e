// SPDX-License-Identifier: Apache-2.0
// Puts the page together and redraws it. A redraw touches what is on the screen at once; the rest follows when the
// browser is idle, or before it is printed.
import {readData} from "bytes";
import {newLayout} from "chart";
import {contours} from "contours";
import {controls} from "controls";
import {costCurves, parameterCurves, rateCurves} from "curves";
import {advice} from "advice";
import {derivation} from "derivation";
import {el} from "dom";
import {grouped} from "numbers";
import {panels} from "panels";
import {dataPlots} from "rows";
import {Run} from "run";
import {again, audit, coefficients, figures, heldOut, objective, spectrum, verdict, warnings} from "tables";
import {fromAbove, slopes} from "terrain";
import {valley} from "valley";

const data = readData();
const run = new Run(data);
document.title = `${data.target}: talweg`;

function section(id, title, lead, ...content) {
  return el("section", {id, "aria-labelledby": `${id}-title`}, el("h2", {id: `${id}-title`, text: title}), lead ? el("p", {class: "lead", text: lead}) : null, ...content);
}

const rows = dataPlots(run), parameters = parameterCurves(run), costs = costCurves(run), rates = rateCurves(run);
const dale = run.replay ? valley(run) : run.surface && run.carried.length > 0 ? slopes(run) : null;
const above = !dale || run.carried.length < 2 ? null : run.replay ? contours(run, dale.others) : fromAbove(run, dale.others);
const trio = run.replay && run.largest > 0 ? panels(run) : null;
const bar = controls(run);
const stills = [];
const keep = node => { if (node) stills.push(node); return node; };
const derived = derivation(run);
const coefficientParts = coefficients(run);
if (coefficientParts[0].still) keep(coefficientParts[0]);

document.getElementById("page").replaceChildren(
  el("header", {}, el("p", {class: "brand", text: "talweg"}), el("h1", {}, el("span", {text: data.target}), ` from ${grouped(data.parameter_count)} parameter${data.parameter_count === 1 ? "" : "s"}`)),
  verdict(data), warnings(data) ?? "", figures(data), objective(data),
  section("replay", "Replay the descent", run.replay ? "Move the learning rate: every plot below follows, computed from what the data were folded into." : "Step through the epochs of the run.", bar.bar, bar.more),
  section("data", "The data and the fit", null, el("div", {class: "plots"}, rows.frames), rows.note ? el("p", {class: "quiet", text: rows.note}) : "", rows.extra ?? ""),
  section("descent", "The way down", null, el("div", {class: "plots"}, parameters.frame, ...costs.frames, ...rates.frames)),
  data.validation || data.folds ? section("held-out", "Rows held out", null, ...heldOut(data)) : "",
  dale ? section("valley", "The valley", "The cost as a landscape: along one parameter, and from above over two.", el("div", {class: "plots"}, dale.frame, above?.frame, keep(spectrum(run)))) : "",
  trio ? section("panels", "Three learning rates on these data", `Gradient descent from the same start, the first 30 epochs. The limit for gd in these coordinates is ${Number(run.limit({method: "gd", momentum: 0}).toPrecision(6))}; “good” is the best constant rate.`, el("div", {class: "plots three"}, trio.frames)) : "",
  derived ? section("gradient", "Where the gradient comes from", null, derived) : "",
  section("advice", "Which method for which cost", null, ...advice(data)),
  section("coefficients-section", "Coefficients", data.lowest_cost === null ? "What the descent found." : "What the descent found, beside the closed form from the same data.", ...coefficientParts),
  section("about", "What was read, and how to run it again", null, ...audit(data), again(data)),
  el("footer", {class: "quiet", text: `Written by talweg ${data.version}. This page needs no network; it draws with D3 and Observable Plot (ISC licence).`}));

// The bar stays in sight below the section that explains it.
const drawers = [
  [parameters.frame, parameters.draw], [costs.frames[0], costs.draw, costs.frames[1]], [rates.frames[0], rates.draw, rates.frames[1]],
  ...(rows.frames.length > 0 ? [[rows.frames[0], rows.draw, ...rows.frames.slice(1), rows.extra]] : []),
  ...(dale ? [[dale.frame, dale.draw]] : []), ...(above ? [[above.frame, above.draw]] : []), ...(trio ? [[trio.frames[0], trio.draw, ...trio.frames.slice(1)]] : []),
].map(([frame, draw, ...more]) => ({draw, nodes: [frame, ...more].filter(Boolean), seen: new Set(), drawn: null}));

const watcher = new IntersectionObserver(entries => {
  for (const {target, isIntersecting} of entries) {
    for (const drawer of drawers) {
      if (!drawer.nodes.includes(target)) continue;
      if (isIntersecting) drawer.seen.add(target); else drawer.seen.delete(target);
      if (isIntersecting && drawer.drawn !== run.frame) drawOne(drawer, run.frame);
    }
  }
}, {rootMargin: "80px"});

function drawOne(drawer, frame) {
  drawer.draw(frame);
  drawer.drawn = frame;
}

let idle = null;
const whenIdle = globalThis.requestIdleCallback ?? (call => setTimeout(call, 120));
const notIdle = globalThis.cancelIdleCallback ?? clearTimeout;

function catchUp() {
  idle = null;
  const next = drawers.find(drawer => drawer.drawn !== run.frame);
  if (!next) return;
  drawOne(next, run.frame);
  idle = whenIdle(catchUp);
}

function drawAll() {
  for (const drawer of drawers) drawOne(drawer, run.frame);
  for (const still of stills) still.still();
}

run.listeners.push(frame => {
  for (const drawer of drawers) if (drawer.seen.size > 0) drawOne(drawer, frame);
  if (idle !== null) notIdle(idle);
  idle = whenIdle(catchUp);
});

let resizing = null;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => { newLayout(); drawAll(); }, 60);
});
addEventListener("beforeprint", () => { newLayout(); drawAll(); });
addEventListener("afterprint", () => { newLayout(); drawAll(); });

newLayout();
run.change({});
drawAll();
for (const drawer of drawers) for (const node of drawer.nodes) watcher.observe(node);

// For tests, and for whoever opens the console.
globalThis.talweg = {run, data, drawAll,
  /// Carried parameters by name, cost and gradient norm at epochs, from the closed form.
  iterates(epochs) {
    const {modes, projections} = run.result;
    return epochs.map(epoch => {
      const away = run.replay.at(modes, projections, epoch);
      return {epoch, cost: run.replay.lowest + run.replay.gap(away), gradient: run.replay.gradientNorm(away), values: epoch === 0 ? run.startValues(run.result.settings) : run.replay.values(away)};
    });
  },
};
document.documentElement.dataset.ready = "yes";
