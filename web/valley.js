// SPDX-License-Identifier: Apache-2.0
// The valley along one parameter: the cost as a function of that parameter alone, the descent's stairs on it, the
// tangent at the epoch shown and what its slope says. Also the slices that the contours are made of.
import {Plot} from "chart";
import {el, labelled} from "dom";
import {grouped, short} from "numbers";

const stairs = 60;

/// Where the parameters that are not looked at stand.
export class Others {
  constructor(run, changed) {
    this.run = run;
    this.choice = el("select", {id: "others", onchange: () => { this.typed.hidden = this.choice.value !== "typed"; changed(); }},
      el("option", {value: "optimum", text: "at their optimum"}),
      el("option", {value: "current", text: "at the epoch shown"}),
      el("option", {value: "start", text: "at the start"}),
      el("option", {value: "typed", text: "at numbers typed in"}));
    this.inputs = run.carried.map((parameter, j) => el("input", {type: "text", inputmode: "decimal", size: 10, value: String(Number(parameter.exact?.toPrecision(6))),
      "data-other": j, onchange: changed}));
    this.typed = el("div", {class: "fields typed", hidden: true}, run.carried.map((parameter, j) => labelled(parameter.name, this.inputs[j])),
      run.carried.length < run.data.parameters.length ? el("p", {class: "quiet", text: "Parameters that the page does not carry stay at their optimum."}) : null);
  }

  /// Mode displacement of the base point; null: not known.
  base(result, point) {
    const {replay} = this.run;
    switch (this.choice.value) {
      case "current": return point.away;
      case "start": return result.recorded ? replay.projections(null) : result.projections;
      case "typed": return replay.displacement(this.run.carried.map((parameter, j) => {
        const value = Number(this.inputs[j].value);
        return this.inputs[j].value.trim() !== "" && Number.isFinite(value) ? value : parameter.exact;
      }));
      default: return new Float64Array(replay.size);
    }
  }

  get text() {
    return this.choice.selectedOptions[0].textContent;
  }
}

/// The cost along an axis of the replay through a base point: lowest + gap + slope (p - at) + bend/2 (p - at)^2.
export function slice(replay, base, axis) {
  const {eigenvalues, lowest} = replay, {column} = replay.axes[axis];
  const at = replay.along(axis, base);
  let slope = 0, bend = 0;
  for (let i = 0; i < replay.size; ++i) {
    slope += eigenvalues[i] * base[i] * column[i];
    bend += eigenvalues[i] * column[i] ** 2;
  }
  const gap = replay.gap(base);
  return {at, slope, bend, bottom: bend > 0 ? at - slope / bend : at,
    cost: p => lowest + gap + slope * (p - at) + bend / 2 * (p - at) ** 2,
    slopeAt: p => slope + bend * (p - at)};
}

export function slopeSentence(slope, scale) {
  if (!(Math.abs(slope) > scale)) return "slope as good as zero: this is the bottom";
  return slope < 0 ? "negative slope: the minimum lies to the right" : "positive slope: the minimum lies to the left";
}

export function valley(run) {
  const changed = () => run.emit();
  const others = new Others(run, changed);
  const which = el("select", {id: "valley-parameter", onchange: changed}, run.carried.map((parameter, j) => el("option", {value: j, text: parameter.name})));
  const first = run.carried.findIndex(parameter => !parameter.intercept);
  which.value = first < 0 ? 0 : first;
  const from = el("input", {type: "text", id: "valley-from", inputmode: "decimal", size: 9, placeholder: "auto", onchange: changed});
  const to = el("input", {type: "text", id: "valley-to", inputmode: "decimal", size: 9, placeholder: "auto", onchange: changed});
  const plot = new Plot({id: "plot-valley", title: "The valley along one parameter", xName: "", yName: "cost", height: 360});
  const says = el("p", {id: "slope-says", class: "says", role: "status"});
  plot.frame.insertBefore(el("div", {class: "fields"}, labelled("parameter", which), labelled("the others", others.choice), labelled("from", from), labelled("to", to)), plot.picture);
  plot.frame.insertBefore(others.typed, plot.picture);
  plot.frame.insertBefore(says, plot.legend);

  const draw = ({result, point}) => {
    const j = Number(which.value), parameter = run.carried[j];
    const base = others.base(result, point);
    if (!base) { says.textContent = "The point at this epoch is not known well enough: not all parameters are carried."; return; }
    const cut = slice(run.replay, base, j);
    const early = run.early(result, point.epoch, stairs, [j]);
    const path = early.values[0];
    const typed = [from, to].map(input => input.value.trim() === "" ? NaN : Number(input.value));
    const here = point.values[j];
    const reach = Math.max(...Array.from(path.subarray(0, 12), value => Math.abs(value - cut.bottom)), Math.abs(here - cut.bottom), 1e-9 * (1 + Math.abs(cut.bottom)));
    const wide = Math.min(reach, 40 * Math.abs((run.startValues(result.settings)[j] ?? 0) - cut.bottom) + Math.abs(here - cut.bottom) + 1e-9 * (1 + Math.abs(cut.bottom))) * 1.15;
    const low = Number.isFinite(typed[0]) ? typed[0] : cut.bottom - wide, high = Number.isFinite(typed[1]) ? typed[1] : cut.bottom + wide;
    const domain = low < high ? [low, high] : [cut.bottom - wide, cut.bottom + wide];
    const xs = Array.from({length: 161}, (_, k) => domain[0] + (domain[1] - domain[0]) * k / 160);
    const ys = xs.map(cut.cost);
    const floor = cut.cost(Math.min(domain[1], Math.max(domain[0], cut.bottom))), top = Math.max(...ys);
    plot.options.xName = parameter.name;
    plot.begin({x: domain, y: [floor, top], tightX: true});
    plot.path("valley", xs, ys, "stroke:var(--series-0);stroke-width:2.5");
    plot.path("stairs", path, path.map(cut.cost), "stroke:var(--series-1);stroke-width:1.5", {steps: true});
    plot.dots("steps", path, path.map(cut.cost), "fill:var(--series-1)", 2.5);
    if (early.epochs.length > 0 && point.epoch > early.epochs[early.epochs.length - 1]) {
      const later = result.shown.indexOf(j);
      if (later >= 0) {
        const values = result.values[later].filter((_, t) => result.epochs[t] > early.epochs[early.epochs.length - 1] && result.epochs[t] <= point.epoch);
        plot.dots("later", values, values.map(cut.cost), "fill:var(--series-1);fill-opacity:0.5", 1.6);
      }
    }
    const slope = cut.slopeAt(here), height = cut.cost(here);
    const half = 0.16 * (domain[1] - domain[0]);
    plot.path("tangent", [here - half, here + half], [height - slope * half, height + slope * half], "stroke:var(--ink);stroke-width:1.5;stroke-dasharray:6 3");
    plot.dots("at", [here], [height], "fill:var(--ink)", 4.5);
    const sentence = slopeSentence(slope, 1e-6 * cut.bend * (domain[1] - domain[0]));
    says.textContent = `At epoch ${grouped(point.epoch)}: ${parameter.name} = ${short(here)}, slope ${short(slope, 4)}; ${sentence}.`;
    plot.end({
      legend: [{name: `cost, the others ${others.text}`, color: "var(--series-0)"}, {name: early.step > 1 ? "recorded epochs" : `the first steps (at most ${stairs})`, color: "var(--series-1)"}, {name: "tangent at the epoch shown", color: "var(--ink)", dash: "6 3"}],
      caption: `The curve is the cost if only ${parameter.name} moved; its bottom is at ${short(cut.bottom)}.`,
      alt: `A parabola with its bottom at ${parameter.name} = ${short(cut.bottom)}. ${says.textContent}`,
    });
  };
  return {frame: plot.frame, draw, others, which};
}
