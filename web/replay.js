// SPDX-License-Identifier: Apache-2.0
// The descent on a folded cost in closed form, mode by mode (what the data carry is told in model/replay.h):
//   gd        z(k) = (1 - r)^k                               r = rate * eigenvalue
//   momentum  z(k+1) = (1 + B - r) z(k) - B z(k-1)           z(0) = z(-1) = 1
//   nesterov  z(k+1) = (1 - r) ((1 + B) z(k) - B z(k-1))
// With roots written as 1 - e, both two-term recurrences give e^2 - b e + r = 0, b = 1 - B + r (momentum) or
// 1 - B + r (1 + B) (nesterov), and z(1) = 1 - r: slow modes, whose e is tiny, keep every digit.

const gd = 0, separate = 1, turning = 2, close = 3;

class Mode {
  constructor(method, r, B) {
    this.r = r;
    if (method === "gd") {
      this.kind = gd;
      this.sign = r <= 1 ? 1 : -1;
      this.log = r < 1 ? Math.log1p(-r) : Math.log(r - 1);
      return;
    }
    const b = method === "momentum" ? 1 - B + r : 1 - B + r * (1 + B);
    const D = b * b - 4 * r;
    this.half = b / 2 - r;
    this.middle = 1 - b / 2;
    if (D < 0) {
      const side = Math.sqrt(-D) / 2;
      this.kind = turning;
      this.log = Math.log(Math.hypot(this.middle, side));
      this.angle = Math.atan2(side, this.middle);
      this.side = side;
      return;
    }
    const root = Math.sqrt(D);
    if (this.middle > 0 && root < this.middle) {
      this.kind = close;
      this.low = Math.log(this.middle - root / 2);
      this.between = 2 * Math.atanh(root / (2 * this.middle));
      this.root = root;
      // The slow root by its distance to one.
      const e = b + root > 0 ? 2 * r / (b + root) : 0;
      this.high = Math.log1p(-e);
      return;
    }
    this.kind = separate;
    const fast = (b + root) / 2, slow = fast === 0 ? 0 : r / fast;
    this.signs = [slow <= 1 ? 1 : -1, fast <= 1 ? 1 : -1];
    this.logs = [slow < 1 ? Math.log1p(-slow) : Math.log(slow - 1), fast < 1 ? Math.log1p(-fast) : Math.log(fast - 1)];
    this.weights = [(fast - r) / (fast - slow), (r - slow) / (fast - slow)];
  }

  /// z(k), directly.
  at(k) {
    if (k === 0) return 1;
    const odd = k % 2 === 1;
    switch (this.kind) {
      case gd:
        return (odd ? this.sign : 1) * Math.exp(k * this.log);
      case separate:
        return this.weights[0] * (odd ? this.signs[0] : 1) * Math.exp(k * this.logs[0]) +
               this.weights[1] * (odd ? this.signs[1] : 1) * Math.exp(k * this.logs[1]);
      case turning: {
        // The sine over the side, exact also where the side is tiny.
        const size = Math.exp(k * this.log);
        return size * (Math.cos(k * this.angle) + this.half * Math.sin(k * this.angle) / this.side);
      }
      default: {
        const low = Math.exp(k * this.low), high = Math.exp(k * this.high);
        const quotient = !(this.root > 0) ? k * Math.exp((k - 1) * Math.log(this.middle))
                       : k * this.between > 1 ? (high - low) / this.root : low * Math.expm1(k * this.between) / this.root;
        return (low + high) / 2 + this.half * quotient;
      }
    }
  }

  /// z at 0, step, 2 step, ... into `out`, at most `count`; returns how many were written: the rest is nothing.
  fill(out, step, count) {
    const tiny = 1e-170;
    let t = 0;
    if (this.kind === gd) {
      const factor = (step % 2 === 1 ? this.sign : 1) * Math.exp(step * this.log);
      for (let z = 1; t < count && Math.abs(z) > tiny; ++t, z *= factor) out[t] = z;
    } else if (this.kind === turning && this.side > 1e-3) {
      const size = Math.exp(step * this.log), ahead = this.half / this.side;
      const cos = size * Math.cos(step * this.angle), sin = size * Math.sin(step * this.angle);
      for (let a = 1, b = 0; t < count && Math.abs(a) + Math.abs(b) > tiny; ++t) {
        out[t] = a + ahead * b;
        const next = a * cos - b * sin;
        b = a * sin + b * cos;
        a = next;
      }
    } else if (this.kind === separate) {
      const odd = step % 2 === 1;
      const f = (odd ? this.signs[0] : 1) * Math.exp(step * this.logs[0]), g = (odd ? this.signs[1] : 1) * Math.exp(step * this.logs[1]);
      for (let a = this.weights[0], b = this.weights[1]; t < count && Math.abs(a) + Math.abs(b) > tiny; ++t, a *= f, b *= g) out[t] = a + b;
    } else {
      // A mode that does not turn shrinks steadily from some epoch on.
      for (; t < count; ++t) {
        out[t] = this.at(t * step);
        if (Math.abs(out[t]) <= tiny) break;
      }
    }
    return t;
  }

  /// By what a mode shrinks or grows an epoch in the long run.
  factor() {
    switch (this.kind) {
      case gd: return Math.exp(this.log);
      case separate: return Math.exp(Math.max(...this.logs));
      case turning: return Math.exp(this.log);
      default: return Math.exp(this.high);
    }
  }
}

export class Replay {
  /// `data`: the page's data.
  constructor(data) {
    const {eigenvalues, start, unit, origin, optimum, rows, intercept_row: interceptRow} = data.replay;
    this.size = eigenvalues.length;
    this.eigenvalues = eigenvalues;
    this.start = start;
    this.lowest = data.lowest_cost;
    this.carried = data.carried.map(j => data.parameters[j]);
    const n = this.size;
    const intercept = this.carried.findIndex(parameter => parameter.intercept);
    const along = intercept < 0 ? null : rows.subarray(intercept * n, (intercept + 1) * n);
    /// rows[j]: what parameter j gains from a unit of each mode; columns[j]: what the modes gain from a unit of it.
    this.rows = this.carried.map((_, j) => j === intercept ? interceptRow
      : rows.subarray(j * n, (j + 1) * n).map(entry => entry / unit[j]));
    this.columns = this.carried.map((_, j) => j === intercept ? along
      : rows.subarray(j * n, (j + 1) * n).map((entry, i) => entry * unit[j] + (along ? along[i] * origin[j] : 0)));
    /// What can be drawn along an axis: the carried parameters in the user's units, then their coordinates in the
    /// descent, where a step of gradient descent crosses lines of equal cost at right angles.
    this.axes = this.carried.map((parameter, j) => ({name: parameter.name, exact: parameter.exact, row: this.rows[j], column: this.columns[j],
      moved: by => ({[j]: by})}));
    for (let j = 0; j < this.carried.length; ++j) {
      const entries = rows.subarray(j * n, (j + 1) * n), parameter = this.carried[j];
      const name = data.plan.scale === "none" ? parameter.name : parameter.intercept ? "prediction at the means"
        : `${parameter.name} × its ${intercept < 0 ? "root mean square" : "standard deviation"}`;
      this.axes.push({name, exact: optimum[j], row: entries, column: entries,
        moved: by => j === intercept || intercept < 0 ? {[j]: by / unit[j]} : {[j]: by / unit[j], [intercept]: -by / unit[j] * origin[j]}});
    }
  }

  /// The value along an axis at a displacement.
  along(axis, displacement) {
    const {row, exact} = this.axes[axis];
    let sum = 0;
    for (let i = 0; i < this.size; ++i) sum += row[i] * displacement[i];
    return exact + sum;
  }

  /// The start's part in each mode, where carried parameters start at `values` (null: as in the run).
  projections(values) {
    const out = Float64Array.from(this.start);
    this.carried.forEach((parameter, j) => {
      const moved = values && values[j] !== null ? values[j] - parameter.start : 0;
      if (moved !== 0) this.columns[j].forEach((entry, i) => { out[i] += moved * entry; });
    });
    return out;
  }

  /// The mode displacement of a point given by carried parameters, the others at their optimum.
  displacement(values) {
    const out = new Float64Array(this.size);
    this.carried.forEach((parameter, j) => {
      const away = values[j] - parameter.exact;
      this.columns[j].forEach((entry, i) => { out[i] += away * entry; });
    });
    return out;
  }

  modes(settings) {
    return Array.from(this.eigenvalues, lambda => new Mode(settings.method, settings.rate * lambda, settings.momentum));
  }

  /// Mode displacement after k epochs.
  at(modes, projections, k) {
    return projections.map((c, i) => c === 0 ? 0 : c * modes[i].at(k));
  }

  gap(displacement) {
    let sum = 0;
    for (let i = 0; i < this.size; ++i) sum += this.eigenvalues[i] * displacement[i] * displacement[i];
    return sum / 2;
  }

  gradientNorm(displacement) {
    let largest = 0;
    for (let i = 0; i < this.size; ++i) largest = Math.max(largest, Math.abs(this.eigenvalues[i] * displacement[i]));
    if (!(largest > 0)) return largest;
    let sum = 0;
    for (let i = 0; i < this.size; ++i) sum += (this.eigenvalues[i] * displacement[i] / largest) ** 2;
    return largest * Math.sqrt(sum);
  }

  /// Values of the carried parameters at a displacement.
  values(displacement) {
    return this.carried.map((parameter, j) => {
      let sum = 0;
      const row = this.rows[j];
      for (let i = 0; i < this.size; ++i) sum += row[i] * displacement[i];
      return parameter.exact + sum;
    });
  }

  /// The first epoch up to `most` whose gap is above `limit` (`above`) or at most it; null: none. Where the gap
  /// oscillates this is one such epoch.
  firstEpoch(modes, projections, most, limit, above) {
    const reached = k => {
      const gap = this.gap(this.at(modes, projections, k));
      return above ? !(gap <= limit) : gap <= limit;
    };
    if (reached(0)) return 0;
    let high = 1;
    while (!reached(high)) {
      if (high >= most) return null;
      high = Math.min(most, 2 * high);
    }
    let low = Math.floor(high / 2);
    if (reached(low)) low = 0;
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      if (reached(middle)) high = middle; else low = middle;
    }
    return high;
  }

  /// Curves over epochs 0 .. last at no more than `most` epochs and the last: gap, gradient norm, and the values along
  /// the axes numbered in `shown` (the first axes are the carried parameters).
  curves(modes, projections, last, shown, most = 398) {
    const step = Math.max(1, Math.ceil(last / most));
    const regular = Math.floor(last / step) + 1;
    const count = (regular - 1) * step === last ? regular : regular + 1;
    const epochs = Float64Array.from({length: count}, (_, t) => Math.min(last, t * step));
    const gap = new Float64Array(count), squares = new Float64Array(count);
    const width = shown.length;
    const sums = shown.map(() => new Float64Array(count)), rows = shown.map(axis => this.axes[axis].row);
    const path = new Float64Array(count);
    for (let i = 0; i < this.size; ++i) {
      const c = projections[i], lambda = this.eigenvalues[i];
      if (c === 0) continue;
      // The mode's own path, then what it adds to everything.
      let end = modes[i].fill(path, step, regular);
      if (count > regular) {
        path.fill(0, end, regular);
        path[regular] = modes[i].at(last);
        end = count;
      }
      const half = lambda * c * c / 2, square = (lambda * c) ** 2;
      for (let t = 0; t < end; ++t) {
        const z = path[t] * path[t];
        gap[t] += half * z;
        squares[t] += square * z;
      }
      let j = 0;
      for (; j + 4 <= width; j += 4) {
        const p = rows[j][i] * c, q = rows[j + 1][i] * c, r = rows[j + 2][i] * c, s = rows[j + 3][i] * c;
        const a = sums[j], b = sums[j + 1], d = sums[j + 2], e = sums[j + 3];
        for (let t = 0; t < end; ++t) {
          const z = path[t];
          a[t] += p * z;
          b[t] += q * z;
          d[t] += r * z;
          e[t] += s * z;
        }
      }
      for (; j < width; ++j) {
        const part = rows[j][i] * c, sum = sums[j];
        for (let t = 0; t < end; ++t) sum[t] += part * path[t];
      }
    }
    const values = shown.map((which, j) => {
      const {exact} = this.axes[which];
      return sums[j].map(sum => exact + sum);
    });
    return {epochs, step, gap, gradient: squares.map(Math.sqrt), values};
  }
}
