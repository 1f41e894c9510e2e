// SPDX-License-Identifier: Apache-2.0
// The state of the page and what follows from it: settings -> curves, the point at the epoch shown, and sentences.
// Where the cost folds the curves come from the replay's closed form; `recorded` shows the run as it was.
import {Replay} from "replay";
import {grouped, short} from "numbers";
import {Surface} from "surface";

export const mostShown = 12;
export const methods = ["gd", "momentum", "nesterov"];

/// The largest stable rate (descent/rates.h).
export function stableRate(method, largest, B) {
  if (!(largest > 0)) return Infinity;
  if (method === "momentum") return 2 * (1 + B) / largest;
  if (method === "nesterov") return (2 + 2 * B) / ((1 + 2 * B) * largest);
  return 2 / largest;
}

export class Run {
  constructor(data) {
    this.data = data;
    this.replay = data.replay ? new Replay(data) : null;
    // Over rows nothing can be summed where the data hold none.
    this.surface = data.landscape && (data.landscape.folded || data.rows) ? new Surface(data) : null;
    this.carried = data.carried.map(j => data.parameters[j]);
    this.shown = this.carried.map((_, j) => j).slice(0, mostShown);
    this.allCarried = this.replay !== null && this.replay.size <= this.carried.length;
    // Steps after batches, and rates that change, have no closed form: such a run is shown as it was recorded.
    this.batches = data.plan.batch_size !== null;
    const closed = methods.includes(data.plan.optimizer) && !data.plan.preconditioned && data.plan.learning_rate !== null &&
      !this.batches && data.plan.schedule === "constant";
    this.asRun = {
      method: this.replay && closed ? data.plan.optimizer : "recorded",
      rate: closed ? data.plan.learning_rate : data.plan.best_rate && !data.plan.preconditioned ? data.plan.best_rate : this.bestRate(),
      momentum: data.plan.momentum > 0 ? data.plan.momentum : 0.9,
      epochs: Math.max(1, data.epochs),
      start: null,
    };
    this.settings = {...this.asRun};
    // Early stopping keeps an earlier epoch than the last.
    this.epoch = data.validation?.patience ? data.best_epoch : this.settings.epochs;
    this.recorded = this.readRecord();
    this.steps = this.readSteps();
    this.listeners = [];
  }

  get largest() {
    return this.replay ? this.replay.eigenvalues[this.replay.size - 1] : 0;
  }

  get smallest() {
    const values = this.replay.eigenvalues, floor = this.replay.size * 2.2e-16 * this.largest;
    return values.find(value => value > floor) ?? this.largest;
  }

  bestRate() {
    return this.replay && this.largest > 0 ? 2 / (this.largest + this.smallest) : null;
  }

  limit(settings = this.settings) {
    return this.replay ? stableRate(settings.method === "recorded" ? "gd" : settings.method, this.largest, settings.momentum) : null;
  }

  readRecord() {
    const {epochs, cost, gradient, rate, validation, parameters} = this.data.trace;
    const width = this.carried.length, lowest = this.data.lowest_cost ?? Math.min(...cost.filter(Number.isFinite));
    const values = this.carried.map((_, j) => Float64Array.from(epochs, (_, t) => parameters[t * width + j]));
    const gap = cost.map(value => value - lowest);
    return {recorded: true, epochs, cost, gap, gradient, rate, validation, lowest, all: values};
  }

  /// Of a run after batches: the parameters after each step of its first epochs.
  readSteps() {
    const {steps} = this.data, width = this.carried.length;
    if (!steps) return null;
    const count = steps.end[steps.end.length - 1], start = this.carried.map(parameter => parameter.start);
    return {end: steps.end, values: [start, ...Array.from({length: count}, (_, s) => Array.from(steps.parameters.subarray(s * width, (s + 1) * width)))]};
  }

  /// The start and those steps up to the end of an epoch; empty where there are none.
  stepsUntil(epoch) {
    if (!this.steps) return [];
    const {end, values} = this.steps, shown = Math.min(epoch, end.length);
    return values.slice(0, shown === 0 ? 1 : end[shown - 1] + 1);
  }

  get stepsText() {
    const {end} = this.steps, size = this.data.plan.batch_size;
    return `every step of ${end.length < this.asRun.epochs ? `the first ${end.length === 1 ? "epoch" : `${grouped(end.length)} epochs`}` : "the run"}, one after ${size === 1 ? "each row" : `every ${grouped(size)} rows`}`;
  }

  /// Start values of the carried parameters.
  startValues(settings = this.settings) {
    return this.carried.map((parameter, j) => settings.start?.[j] ?? parameter.start);
  }

  /// Everything that the plots draw, for some settings.
  compute(settings) {
    if (settings.method === "recorded" || !this.replay) {
      const {epochs, all} = this.recorded;
      return {...this.recorded, values: this.shown.map(j => all[j]), last: epochs[epochs.length - 1] ?? 0, blown: null, settings, shown: this.shown};
    }
    const replay = this.replay;
    const modes = replay.modes(settings);
    const projections = replay.projections(settings.start);
    const startGap = replay.gap(projections);
    const limit = Math.max(this.data.divergence_cost ?? 0, 1e6 * (startGap + replay.lowest));
    const unstable = !(settings.rate < this.limit(settings));
    const blown = unstable && startGap > 0 ? replay.firstEpoch(modes, projections, settings.epochs, limit - replay.lowest, true) : null;
    const last = blown ?? settings.epochs;
    const curves = replay.curves(modes, projections, last, this.shown);
    // To the bit: a start is what it is.
    const begin = this.startValues(settings);
    this.shown.forEach((j, s) => { curves.values[s][0] = begin[j]; });
    const cost = curves.gap.map(gap => replay.lowest + gap);
    const rate = new Float64Array(cost.length).fill(settings.rate);
    rate[0] = NaN;
    return {...curves, recorded: false, cost, rate, last, blown, unstable, modes, projections, settings, startGap, shown: this.shown};
  }

  /// The first epochs one by one (for stairs and the beginning of a path), at most `most` and not beyond `until`.
  early(result, until, most, shown) {
    const last = Math.max(0, Math.min(most, until, result.last));
    if (!result.recorded) return this.replay.curves(result.modes, result.projections, last, shown, most);
    const {epochs} = result;
    let count = 0;
    while (count < epochs.length && epochs[count] <= until && count <= most) ++count;
    return {epochs: epochs.subarray(0, count), values: shown.map(axis => this.recordAlong(axis).subarray(0, count)), step: count > 1 ? epochs[1] - epochs[0] : 1};
  }

  /// Beside a run after batches: gd over all rows at its rate, or the best one where that is not stable; else null.
  batchDescent() {
    if (!this.batches || !this.replay) return null;
    const given = this.data.plan.learning_rate, limit = stableRate("gd", this.largest, 0);
    const rate = given !== null && given < limit ? given : this.bestRate();
    if (!rate) return null;
    return this.compute({method: "gd", rate, momentum: 0, epochs: this.asRun.epochs, start: null});
  }

  /// The recorded values along an axis; beyond the parameters themselves only where all are carried.
  recordAlong(axis) {
    const {all, epochs} = this.recorded;
    if (axis < all.length) return all[axis];
    return Float64Array.from(epochs, (_, t) => this.replay.along(axis, this.replay.displacement(all.map(list => list[t]))));
  }

  /// The whole path along axes: the first epochs one by one, then the epochs of a curve.
  path(result, most, shown) {
    const early = this.early(result, result.last, most, shown);
    if (result.recorded) return {early, values: shown.map(axis => this.recordAlong(axis))};
    const rest = this.replay.curves(result.modes, result.projections, result.last, shown);
    const end = early.epochs[early.epochs.length - 1];
    return {early, values: early.values.map((values, k) => [...values, ...rest.values[k].filter((_, t) => rest.epochs[t] > end)])};
  }

  /// The point at the epoch shown.
  point(result) {
    const epoch = Math.min(this.epoch, result.last);
    if (!result.recorded) {
      const away = this.replay.at(result.modes, result.projections, epoch);
      const gap = this.replay.gap(away);
      return {epoch, away, values: epoch === 0 ? this.startValues(result.settings) : this.replay.values(away), gap, cost: this.replay.lowest + gap, gradient: this.replay.gradientNorm(away)};
    }
    const {epochs, cost, gap, gradient, all} = result;
    let t = 0;
    while (t + 1 < epochs.length && epochs[t + 1] <= epoch) ++t;
    const values = all.map(list => list[t]);
    const away = this.allCarried ? this.replay.displacement(values) : null;
    return {epoch: epochs[t] ?? 0, index: t, away, values, gap: gap[t], cost: cost[t], gradient: gradient[t]};
  }

  change(settings) {
    const wasAtEnd = this.epoch >= (this.result?.last ?? this.settings.epochs);
    if (settings.method === undefined && this.settings.method === "recorded" && ("rate" in settings || "start" in settings || "momentum" in settings)) settings = {...settings, method: "gd"};
    Object.assign(this.settings, settings);
    this.result = this.compute(this.settings);
    if (wasAtEnd || this.epoch > this.result.last) this.epoch = this.result.last;
    this.emit();
  }

  showEpoch(epoch) {
    this.epoch = Math.max(0, Math.min(this.result.last, Math.round(epoch)));
    this.emit();
  }

  showParameters(shown) {
    this.shown = shown;
    this.change({});
  }

  reset() {
    this.settings = {...this.asRun};
    this.epoch = Infinity;
    this.change({});
  }

  emit() {
    const began = performance.now();
    const frame = {result: this.result, point: this.point(this.result), settings: this.settings};
    this.frame = frame;
    for (const listener of this.listeners) listener(frame);
    this.took = performance.now() - began;
  }

  /// Past the limit: why the cost grows. Else null.
  warning(result) {
    if (result.recorded || !result.unstable) return null;
    const {settings} = result, limit = this.limit(settings);
    const factor = Math.max(...result.modes.map(mode => mode.factor()));
    const steepest = this.data.plan.steepest;
    const where = steepest ? `along the steepest direction (${short(100 * this.data.plan.steepest_share, 2)}% of it belongs to ${steepest})` : "along the steepest direction";
    const times = short(settings.rate / limit, 4);
    if (settings.rate === limit) return `The learning rate is exactly the largest stable one: ${where} the steps jump from one side of the valley to the other for ever.`;
    const how = settings.method === "gd" ? `each step overshoots the bottom of the valley and lands ${short(factor, 4)} times as far away on the other side` : `the distance to the bottom grows ${short(factor, 4)} times an epoch`;
    const end = result.blown !== null ? ` It counts as diverged in epoch ${grouped(result.blown)}.` : "";
    return `Learning rate ${short(settings.rate)} is ${times} times the largest stable rate ${short(limit)}: ${where} ${how}, so the cost grows without end.${end}`;
  }

  /// When the gap has shrunk by tolerance^2; null: not within 1e15 epochs or not at all.
  epochsToTolerance(settings, tolerance = this.data.plan.tolerance ?? 1e-12, result = null) {
    const modes = result?.modes ?? this.replay.modes(settings), projections = result?.projections ?? this.replay.projections(settings.start);
    if (!(settings.rate < this.limit(settings))) return null;
    return this.replay.firstEpoch(modes, projections, 1e15, tolerance * tolerance * this.replay.gap(projections), false);
  }
}
