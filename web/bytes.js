// SPDX-License-Identifier: Apache-2.0
// The page's data: one JSON block; long lists of numbers are base64 of little-endian numbers.

function bytes(text) {
  const raw = atob(text);
  const out = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; ++k) out[k] = raw.charCodeAt(k);
  return new DataView(out.buffer);
}

export function doubles(text) {
  const view = bytes(text);
  return Float64Array.from({length: view.byteLength / 8}, (_, k) => view.getFloat64(8 * k, true));
}

export function floats(text) {
  const view = bytes(text);
  return Float64Array.from({length: view.byteLength / 4}, (_, k) => view.getFloat32(4 * k, true));
}

/// The block with its lists decoded.
export function readData() {
  const data = JSON.parse(document.getElementById("talweg-data").textContent);
  for (const key of ["epochs", "cost", "gradient", "rate", "validation", "parameters"]) data.trace[key] = doubles(data.trace[key]);
  if (data.replay) for (const key of Object.keys(data.replay)) data.replay[key] = doubles(data.replay[key]);
  if (data.rows) {
    const single = data.rows.parts_bytes === 4;
    for (const key of ["numbers", "target", "prediction", "optimal", "weight", "x", "curve_x", "path", "predictor"]) data.rows[key] = doubles(data.rows[key]);
    data.rows.curve_path = floats(data.rows.curve_path);
    data.rows.cells = data.rows.cells_bytes === 4 ? floats(data.rows.cells) : doubles(data.rows.cells);
    data.rows.parts = single ? floats(data.rows.parts) : doubles(data.rows.parts);
  }
  if (data.landscape) for (const key of ["spread", "mean", "l1", "l2", "gradient", "hessian"]) data.landscape[key] = doubles(data.landscape[key]);
  if (data.steps) data.steps.parameters = doubles(data.steps.parameters);
  return data;
}
