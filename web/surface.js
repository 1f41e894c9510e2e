// SPDX-License-Identifier: Apache-2.0
// The cost over the carried parameters where the descent has no closed form (what the data carry is told in
// model/landscape.h): summed over the rows of the page for a loss, from the moments for squared error with an l1 penalty.
// The losses and their constants are those of objective/loss.h; y is -1 or +1 for classes.

const losses = {
  mse: () => (f, y) => (f - y) ** 2,
  "half-mse": () => (f, y) => (f - y) ** 2 / 2,
  sse: () => (f, y) => (f - y) ** 2,
  mae: () => (f, y) => Math.abs(y - f),
  huber: ({huber_delta: d}) => (f, y) => { const r = Math.abs(y - f); return r <= d ? r * r / 2 : d * r - d * d / 2; },
  quantile: ({quantile: q}) => (f, y) => { const r = y - f; return r > 0 ? q * r : (q - 1) * r; },
  logistic: () => (f, y) => { const m = y * f; return Math.max(0, -m) + Math.log1p(Math.exp(-Math.abs(m))); },
  poisson: () => (f, y) => Math.exp(f) - y * f,
  hinge: () => (f, y) => Math.max(0, 1 - y * f),
  "squared-hinge": () => (f, y) => Math.max(0, 1 - y * f) ** 2,
};

/// What a loss predicts of the target from the linear predictor.
export function meanOf(loss) {
  if (loss === "logistic") return f => f >= 0 ? 1 / (1 + Math.exp(-f)) : Math.exp(f) / (1 + Math.exp(f));
  if (loss === "poisson") return Math.exp;
  return f => f;
}

export class Surface {
  constructor(data) {
    const {landscape, rows, plan} = data;
    this.landscape = landscape;
    this.rows = rows;
    this.carried = data.carried.map(j => data.parameters[j]);
    this.end = this.carried.map(parameter => parameter.value);
    this.mean = meanOf(plan.loss);
    this.intercept = this.carried.findIndex(parameter => parameter.intercept);
    this.width = this.carried.length;
    if (!landscape.folded) {
      this.loss = losses[plan.loss](plan);
      this.target = plan.loss === "logistic" ? rows.target.map(value => 2 * value - 1) : rows.target;
      this.weight = rows.weight.length > 0 ? rows.weight : null;
      this.total = this.weight ? this.weight.reduce((sum, w) => sum + w, 0) : rows.target.length;
      // A sum over all rows, of which these are a sample.
      if (plan.loss === "sse") this.total = rows.target.length / rows.of;
    }
    const scaled = plan.scale !== "none", {spread} = landscape;
    /// What can be drawn along an axis: the carried parameters in the user's units, then their coordinates in the descent.
    this.axes = [...this.carried.map(parameter => ({name: parameter.name})),
      ...this.carried.map((parameter, j) => ({name: !scaled ? parameter.name : j === this.intercept ? "prediction at the means"
        : `${parameter.name} × its ${this.intercept < 0 ? "root mean square" : "standard deviation"}`}))];
    this.spread = spread;
    this.allCarried = data.parameters.filter((parameter, j) => !data.carried.includes(j) && parameter.value !== parameter.start).length === 0 && data.parameters.length === data.parameter_count;
    this.kinked = landscape.l1.some(weight => weight > 0);
  }

  /// Whether predictions of the rows follow the epoch: all parameters are carried.
  get follows() {
    return this.rows !== null && this.rows.target.length > 0 && this.allCarried;
  }

  /// Whether the sums go over a sample of the rows.
  get sampled() {
    return !this.landscape.folded && this.rows.target.length < this.rows.of;
  }

  position(values, axis) {
    const j = axis % this.width;
    if (axis < this.width) return values[j];
    if (j !== this.intercept) return values[j] * this.spread[j];
    return values.reduce((sum, value, k) => sum + (k === this.intercept ? value : this.landscape.mean[k] * value), 0);
  }

  /// The parameters after a move along an axis.
  moved(values, axis, by) {
    const out = Array.from(values), j = axis % this.width;
    if (axis < this.width || j === this.intercept) {
      out[j] += by;
      return out;
    }
    out[j] += by / this.spread[j];
    if (this.intercept >= 0) out[this.intercept] -= by / this.spread[j] * this.landscape.mean[j];
    return out;
  }

  // A point in the coordinates of the header.
  place(values) {
    const {spread, mean} = this.landscape;
    let constant = 0;
    const out = Float64Array.from(values, (value, j) => {
      const by = value - this.end[j];
      constant += j === this.intercept ? by : mean[j] * by;
      return spread[j] * by;
    });
    if (this.intercept >= 0) out[this.intercept] = constant;
    return out;
  }

  direction(axis) {
    const out = new Float64Array(this.width), j = axis % this.width;
    out[j] = axis < this.width && j !== this.intercept ? this.spread[j] : 1;
    if (axis < this.width && j !== this.intercept && this.intercept >= 0) out[this.intercept] = this.landscape.mean[j];
    return out;
  }

  // What the rows' predictors gain from a vector of places.
  across(place) {
    const {cells, target} = this.rows, {width} = this, out = new Float64Array(target.length);
    for (let r = 0, at = 0; r < out.length; ++r) for (let j = 0; j < width; ++j, ++at) out[r] += cells[at] * place[j];
    return out;
  }

  predictors(values) {
    const gain = this.across(this.place(values));
    return this.rows.predictor.map((value, r) => value + gain[r]);
  }

  predictions(values) {
    return this.predictors(values).map(this.mean);
  }

  /// The cost as a function of the positions along two axes, through the point `values`.
  plane(values, a, b) {
    const {landscape, width} = this, {l1, l2} = landscape;
    const origin = [a, b].map(axis => this.position(values, axis));
    const moving = [a % width, b % width];
    let still = landscape.rest;
    for (let j = 0; j < width; ++j) if (!moving.includes(j)) still += l1[j] * Math.abs(values[j]) + l2[j] / 2 * values[j] ** 2;
    const rate = [a, b].map(axis => axis < width || axis % width === this.intercept ? 1 : 1 / this.spread[axis % width]);
    const along = (k, by) => {
      // A position of exactly zero is a parameter of exactly zero.
      const j = moving[k], w = origin[k] + by === 0 ? 0 : values[j] + by * rate[k];
      return j === this.intercept ? 0 : l1[j] * Math.abs(w) + l2[j] / 2 * w * w;
    };
    const smooth = landscape.folded ? this.quadratic(values, a, b) : this.summed(values, a, b);
    return (p, q) => {
      const by = p - origin[0], up = q - origin[1];
      return smooth(by, up) + still + along(0, by) + along(1, up);
    };
  }

  quadratic(values, a, b) {
    const {width} = this, {hessian, gradient, cost} = this.landscape, base = this.place(values);
    const slopes = gradient.map((slope, i) => { let sum = slope; for (let j = 0; j < width; ++j) sum += hessian[i * width + j] * base[j]; return sum; });
    let here = cost;
    for (let i = 0; i < width; ++i) here += (gradient[i] + slopes[i]) / 2 * base[i];
    const [u, v] = [this.direction(a), this.direction(b)];
    const times = (x, y) => { let sum = 0; for (let i = 0; i < width; ++i) for (let j = 0; j < width; ++j) sum += x[i] * hessian[i * width + j] * y[j]; return sum; };
    const dot = x => x.reduce((sum, value, i) => sum + value * slopes[i], 0);
    const su = dot(u), sv = dot(v), uu = times(u, u), uv = times(u, v), vv = times(v, v);
    return (p, q) => here + su * p + sv * q + (uu * p * p + 2 * uv * p * q + vv * q * q) / 2;
  }

  summed(values, a, b) {
    const base = this.predictors(values), u = this.across(this.direction(a)), v = this.across(this.direction(b));
    const {loss, target, weight, total} = this, count = base.length;
    return (p, q) => {
      let sum = 0;
      for (let r = 0; r < count; ++r) {
        const value = loss(base[r] + p * u[r] + q * v[r], target[r]);
        sum += weight ? weight[r] * value : value;
      }
      return sum / total;
    };
  }

  cost(values) {
    return this.along(values, 0)(values[0]);
  }

  /// The cost along one axis through the point `values`.
  along(values, axis) {
    const {landscape, width} = this, {l1, l2} = landscape, j = axis % width;
    let still = landscape.rest;
    for (let k = 0; k < width; ++k) if (k !== j) still += l1[k] * Math.abs(values[k]) + l2[k] / 2 * values[k] ** 2;
    const origin = this.position(values, axis), smooth = landscape.folded ? this.quadratic(values, axis, axis) : this.summed(values, axis, axis);
    const rate = axis < width || j === this.intercept ? 1 : 1 / this.spread[j];
    return p => {
      const w = p === 0 && axis < width ? 0 : values[j] + (p - origin) * rate;
      return smooth(p - origin, 0) + still + (j === this.intercept ? 0 : l1[j] * Math.abs(w) + l2[j] / 2 * w * w);
    };
  }
}
