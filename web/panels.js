// SPDX-License-Identifier: Apache-2.0
// Too low, good, too high: three learning rates of gradient descent on these very data, side by side: the path over
// two parameters, the cost, and in words how far each gets.
import {Plot, extent, layoutNumber} from "chart";
import {el} from "dom";
import {grouped, short} from "numbers";
import {bowl, rings, twoParameters} from "contours";
import {slice} from "valley";

const epochs = 30;

export function panels(run) {
  const {replay} = run;
  const limit = run.limit({method: "gd", momentum: 0});
  const best = run.bestRate();
  const kinds = [
    {name: "too low", rate: 0.05 * limit, color: "var(--series-4)"},
    {name: "good", rate: best, color: "var(--series-2)"},
    {name: "too high", rate: 1.05 * limit, color: "var(--series-1)"},
  ];
  const two = run.carried.length > 1;
  // In the coordinates of the descent, where its steps are at right angles to the rings.
  const count = run.carried.length;
  const axes = two ? twoParameters(run).map(j => j + count) : [count];
  const names = axes.map(axis => replay.axes[axis].name);
  const plots = kinds.map(kind => new Plot({id: `panel-${kind.name.replace(" ", "-")}`, title: `${kind.name}: ${short(kind.rate, 4)} = ${short(kind.rate / limit, 4)} × the limit`,
    xName: names[0], yName: names[1] ?? "cost", height: 250}));
  const texts = kinds.map(() => el("p", {class: "says"}));
  plots.forEach((plot, k) => plot.frame.append(texts[k]));

  // Nothing here depends on the slider but the start.
  let drawn = null;
  const draw = ({settings}) => {
    const key = JSON.stringify([settings.start, layoutNumber()]);
    if (key === drawn) return;
    drawn = key;
    const projections = replay.projections(settings.start);
    const startGap = replay.gap(projections);
    const paths = kinds.map(kind => replay.curves(replay.modes({method: "gd", rate: kind.rate, momentum: 0}), projections, epochs, axes, epochs));
    const base = new Float64Array(replay.size);
    const begin = axes.map(axis => replay.along(axis, projections)), bottom = axes.map(axis => replay.axes[axis].exact);
    const shape = two ? bowl(replay, base, ...axes) : null;
    const cut = slice(replay, base, axes[0]);
    // One frame for the three, wide enough for the first overshoot of the good one.
    const around = k => {
      const far = 1.3 * Math.max(Math.abs(begin[k] - bottom[k]), ...Array.from(paths[1].values[k], value => Math.abs(value - bottom[k])), 1e-9 * (1 + Math.abs(bottom[k])));
      return [bottom[k] - far, bottom[k] + far];
    };
    const x = around(0), y = two ? around(1) : null;
    kinds.forEach((kind, k) => {
      const plot = plots[k], path = paths[k];
      if (two) {
        plot.begin({x, y, tightX: true, tightY: true});
        rings(plot, shape, {x, y}, 8);
        plot.path("path", path.values[0], path.values[1], `stroke:${kind.color};stroke-width:1.3;stroke-opacity:0.65`);
        plot.dots("steps", path.values[0], path.values[1], `fill:${kind.color}`, 2.4);
        plot.dots("bottom", [bottom[0]], [bottom[1]], "fill:none;stroke:var(--ink);stroke-width:2", 5);
      } else {
        const xs = Array.from({length: 121}, (_, i) => x[0] + (x[1] - x[0]) * i / 120), ys = xs.map(cut.cost);
        plot.begin({x, y: extent([ys]), tightX: true});
        plot.path("valley", xs, ys, "stroke:var(--series-5);stroke-width:2");
        plot.path("path", path.values[0], path.values[0].map(cut.cost), `stroke:${kind.color};stroke-width:1.5`, {steps: true});
        plot.dots("steps", path.values[0], path.values[0].map(cut.cost), `fill:${kind.color}`, 2.4);
      }
      const end = path.gap[path.gap.length - 1], left = startGap > 0 ? end / startGap : 0;
      const settingsHere = {method: "gd", rate: kind.rate, momentum: 0, start: settings.start};
      const reached = startGap > 0 ? run.epochsToTolerance(settingsHere) : 0;
      const text = k === 2
        ? `Every step along the steepest direction lands 1.1 times as far away on the other side: after ${epochs} epochs ${end > startGap ? `the cost above the lowest is ${short(left, 3)} times that of the start` : `${short(100 * left, 3)}% of the cost above the lowest is left, and it is growing`}.`
        : `After ${epochs} epochs ${left < 1e-12 ? "nothing" : `${short(100 * left, 3)}%`} of the cost above the lowest is left; the tolerance takes ${reached === null ? "more epochs than can be counted" : `${grouped(reached)} epochs`}.`;
      texts[k].textContent = text;
      plot.end({alt: `Learning rate ${short(kind.rate, 4)}, ${kind.name}. ${text}`});
    });
  };
  return {frames: plots.map(plot => plot.frame), draw};
}
