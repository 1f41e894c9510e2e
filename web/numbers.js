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
  const plain = Number(value.toPrecision(digits));
  return minus(plain.toLocaleString("en-US", {maximumSignificantDigits: Math.max(digits, 1), useGrouping: size >= 10000}));
}

/// A count: 53,940.
export function grouped(value) {
  return value.toLocaleString("en-US");
}

export function plural(value, one) {
  return `${grouped(value)} ${one}${value === 1 ? "" : "s"}`;
}

/// What a program reads back to the same number.
export function exactText(value) {
  return String(value);
}
