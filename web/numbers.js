// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them. A minus sign is the typographic one.

const minus = text => text.replace("-", "−");

/// At most `digits` significant digits; 1.2e−9 beyond 1e−5 .. 1e12.
export function short(value, digits = 6) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return minus(`${Number(mantissa)}`) + "e" + minus(exponent.replace("+", ""));
  }
  const plain = String(Number(value.toPrecision(digits)));
  return minus(size >= 10000 ? commas(plain) : plain);
}

// Commas between thousands of the whole part. (The locale's own way takes a hundred times as long.)
function commas(text) {
  const point = text.indexOf(".");
  let whole = point < 0 ? text : text.slice(0, point), out = "";
  for (; whole.replace("-", "").length > 3; whole = whole.slice(0, -3)) out = "," + whole.slice(-3) + out;
  return whole + out + (point < 0 ? "" : text.slice(point));
}

/// A count: 53,940.
export function grouped(value) {
  return commas(String(value));
}

export function plural(value, one) {
  return `${grouped(value)} ${one}${value === 1 ? "" : "s"}`;
}

/// What a program reads back to the same number.
export function exactText(value) {
  return String(value);
}
