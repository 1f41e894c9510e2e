// SPDX-License-Identifier: Apache-2.0
// The slider bar: learning rate, epoch, play; behind "more": method, epochs, start, parameters shown, the command.
import {el, labelled} from "dom";
import {command} from "command";
import {grouped, plural, short} from "numbers";
import {methods} from "run";

const positions = 2000;

export function controls(run) {
  const limit = () => run.limit();
  // Four decades below the limit to a tenth of a decade beyond twice of it.
  const span = 4.3, beyond = 0.3;
  const toRate = position => limit() * 10 ** (position / positions * span - (span - beyond));
  const toPosition = rate => Math.round((Math.log10(rate / limit()) + span - beyond) / span * positions);

  const rate = el("input", {type: "range", id: "rate", min: 0, max: positions, step: 1, "aria-describedby": "rate-says",
    oninput: () => run.change({rate: toRate(Number(rate.value))})});
  const rateNumber = el("input", {type: "text", id: "rate-number", inputmode: "decimal", size: 11, autocomplete: "off", "aria-label": "learning rate, as a number",
    onchange: () => { const value = Number(rateNumber.value); if (value > 0 && Number.isFinite(value)) run.change({rate: value}); else update(run.frame); }});
  const rateSays = el("output", {id: "rate-says", for: "rate"});
  const mark = el("span", {class: "limit-mark", "aria-hidden": "true", text: "limit"});
  const track = el("div", {class: "track"}, rate, run.replay ? mark : null);

  const epoch = el("input", {type: "range", id: "epoch", min: 0, step: 1, oninput: () => run.showEpoch(Number(epoch.value)), "aria-describedby": "epoch-says"});
  const epochSays = el("output", {id: "epoch-says", for: "epoch"});
  const play = el("button", {type: "button", id: "play", "aria-pressed": "false", onclick: () => toggle()});

  let timer = null;
  function toggle(on = timer === null) {
    if (timer !== null) cancelAnimationFrame(timer);
    timer = null;
    play.setAttribute("aria-pressed", String(on));
    play.textContent = on ? "❚❚ pause" : "▶ play";
    if (!on) return;
    if (run.epoch >= run.result.last) run.showEpoch(0);
    let before = null;
    const began = performance.now(), from = run.epoch;
    const step = now => {
      // Few epochs are shown one by one, many in about eight seconds, the first ones slower.
      const last = run.result.last, seconds = (now - began) / 1000;
      const target = last <= 60 ? from + Math.floor(seconds * 6) : from + (last - from) * Math.min(1, seconds / 8) ** 2;
      if (Math.floor(target) !== before) run.showEpoch(before = Math.floor(target));
      if (run.epoch >= last) toggle(false); else timer = requestAnimationFrame(step);
    };
    timer = requestAnimationFrame(step);
  }

  const name = data => data.plan.preconditioned ? `${data.plan.optimizer}, preconditioned` : data.plan.optimizer;
  const method = el("select", {id: "method", onchange: () => run.change({method: method.value})},
    run.replay ? methods.map(value => el("option", {value, text: value})) : null,
    el("option", {value: "recorded", text: `as run (${name(run.data)}, recorded)`}));
  const momentum = el("input", {type: "number", id: "momentum", min: 0, max: 0.999, step: 0.01, onchange: () => {
    const value = Number(momentum.value);
    if (value >= 0 && value < 1) run.change({momentum: value}); else update(run.frame);
  }});
  const momentumField = labelled("momentum", momentum);
  const epochs = el("input", {type: "number", id: "epochs", min: 1, max: 1e9, step: 1, onchange: () => {
    const value = Math.round(Number(epochs.value));
    if (value >= 1 && value <= 1e9) run.change({epochs: value}); else update(run.frame);
  }});
  const toTolerance = el("output", {id: "to-tolerance"});

  const line = el("code", {id: "command"});
  const copied = el("span", {role: "status", class: "quiet"});
  const copy = el("button", {type: "button", id: "copy", text: "copy as command", onclick: async () => {
    try {
      await navigator.clipboard.writeText(command(run));
      copied.textContent = "copied";
    } catch {
      // Pages from disk may not have the clipboard: the line is selected instead.
      getSelection().selectAllChildren(line);
      copied.textContent = "selected: press Ctrl+C";
    }
  }});

  const boxes = run.carried.map((parameter, j) => el("label", {class: "check"},
    el("input", {type: "checkbox", checked: run.shown.includes(j), "data-parameter": j, onchange: () => {
      const shown = boxes.map((box, k) => box.firstChild.checked ? k : -1).filter(k => k >= 0);
      if (shown.length === 0) boxes[j].firstChild.checked = true; else run.showParameters(shown);
    }}), el("span", {text: parameter.name})));
  const choose = run.carried.length > 1 ? el("details", {id: "choose"},
    el("summary", {text: `parameters shown (${run.shown.length} of ${run.data.parameters.length})`}),
    el("p", {class: "quiet", text: run.carried.length < run.data.parameters.length
      ? `The page carries ${run.carried.length} of ${grouped(run.data.parameters.length)} parameters, those with the largest ${run.carried.some(parameter => parameter.standard_error !== null) ? "|t|" : "|value × standard deviation|"}.` : run.carried.some(parameter => parameter.standard_error !== null) ? "Ordered by |t|, the value in standard errors." : "Ordered by size: the value times its column's standard deviation."}),
    el("div", {class: "boxes"}, boxes)) : null;

  const warning = el("p", {id: "past-limit", class: "warning", role: "alert", hidden: true});
  const recordedNote = el("p", {class: "quiet", id: "recorded-note", text: run.replay
    ? "This is the run as it was recorded. Move the learning rate, or choose gd, momentum or nesterov, and the page computes the descent itself."
    : run.surface
      ? `The cost ${run.data.plan.l1 > 0 ? "has kinks (the l1 penalty)" : `of this loss (${run.data.plan.loss}) goes over the rows`}, so its descent has no closed form: the page shows the run as it was recorded, and no other learning rate can be tried here.`
    : run.data.plan.over_rows && run.data.plan.formula && !["mse", "half-mse", "sse"].includes(run.data.plan.loss)
      ? `The cost of this loss (${run.data.plan.loss}) goes over the rows of the formula: the page shows the run as it was recorded, and no other learning rate can be tried here. The valley is not drawn: between two parameters of a formula it has no shape that the page could compute without the formula's program.`
    : run.data.plan.over_rows
      ? "This formula is not linear in its parameters, so its cost does not fold into moments: the page shows the run as it was recorded, and no other learning rate can be tried here."
      : "There are too many parameters to carry the modes of this cost: the page shows the run as it was recorded, and no other learning rate can be tried here."});
  const reset = el("button", {type: "button", id: "reset", text: "back to the run", onclick: () => { toggle(false); run.reset(); }});

  const bar = el("section", {class: "bar", "aria-label": "replay"},
    el("div", {class: "bar-row"},
      run.replay ? el("div", {class: "control"}, el("div", {class: "control-head"}, el("label", {for: "rate", text: "learning rate"}), rateNumber, rateSays), track) : null,
      el("div", {class: "control"}, el("div", {class: "control-head"}, el("label", {for: "epoch", text: "epoch"}), epochSays, play), epoch)),
    warning);
  const more = el("div", {class: "more"},
    recordedNote,
    el("div", {class: "fields"}, labelled("method", method), momentumField, run.replay ? labelled("epochs", epochs) : null, toTolerance, reset),
    el("div", {class: "command"}, copy, copied, line), choose);

  function update({result, point, settings}) {
    if (run.replay) {
      const position = toPosition(settings.rate);
      if (document.activeElement !== rate || Number(rate.value) !== position) rate.value = position;
      if (document.activeElement !== rateNumber || result !== update.result) rateNumber.value = Number(settings.rate.toPrecision(8));
      mark.style.left = `calc(8px + (100% - 16px) * ${(span - beyond) / span})`;
      const times = settings.rate / limit();
      rateSays.textContent = settings.method === "recorded" ? `limit for gd ${short(limit())}` : `${short(times, 3)} × the limit ${short(limit())}`;
      track.classList.toggle("past", times >= 1 && settings.method !== "recorded");
      rate.setAttribute("aria-valuetext", `${short(settings.rate)}, ${rateSays.textContent}`);
    }
    epoch.max = result.last;
    epoch.value = point.epoch;
    epochSays.textContent = `${grouped(point.epoch)} of ${grouped(result.last)}, cost ${short(point.cost, 7)}`;
    method.value = settings.method;
    momentumField.hidden = !["momentum", "nesterov"].includes(settings.method);
    momentum.value = settings.momentum;
    epochs.value = settings.epochs;
    epochs.disabled = settings.method === "recorded";
    recordedNote.hidden = settings.method !== "recorded";
    if (result !== update.result) {
      update.result = result;
      const text = run.warning(result);
      warning.hidden = text === null;
      warning.textContent = text ?? "";
      const reached = run.replay && settings.method !== "recorded" ? run.epochsToTolerance(settings, undefined, result) : undefined;
      toTolerance.textContent = reached === undefined ? "" : reached === null ? "never reaches the tolerance"
        : `reaches the tolerance ${short(run.data.plan.tolerance ?? 1e-12)} after ${settings.method === "gd" ? "" : "about "}${plural(reached, "epoch")}`;
      line.textContent = command(run);
      copied.textContent = "";
    }
    if (choose) choose.firstChild.textContent = `parameters shown (${run.shown.length} of ${grouped(run.data.parameters.length)})`;
  }
  toggle(false);
  run.listeners.push(update);
  return {bar, more, stop: () => toggle(false)};
}
