// SPDX-License-Identifier: Apache-2.0
// The pages that tests and gallery look at: name -> the command that writes it.
import {copyFileSync, mkdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {talweg} from "./browser.mjs";

// Seeded numbers (mulberry32; Box and Muller).
export function random(seed) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return {uniform, normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())};
}

export function writeData(folder, root) {
  mkdirSync(folder, {recursive: true});
  copyFileSync(join(root, "data/diamonds.csv.gz"), join(folder, "diamonds.csv.gz"));
  copyFileSync(join(root, "tests/files/women.csv"), join(folder, "women.csv"));
  writeFileSync(join(folder, "two.csv"), "x,y\n1,2\n3,5\n");
  writeFileSync(join(folder, "three.csv"), "x,y\n1,1\n2,2\n3,2\n");
  writeFileSync(join(folder, "decay.csv"), "t,y\n0,9.8\n1,7.6\n2,6.4\n3,5.1\n4,4.4\n5,3.7\n6,3.4\n8,2.7\n10,2.3\n12,2.2\n15,2.0\n20,1.9\n");
  const q = random(3), chance = f => 1 / (1 + Math.exp(-f));
  const doses = ["dose,cured"], kinds = ["width,height,kind"], clients = ["age,score,noise,bought"], calls = ["hours,calls"], spoilt = ["x,y"];
  for (let row = 0; row < 60; ++row) { const x = 5 + 2 * q.normal(); doses.push(`${x.toFixed(3)},${q.uniform() < chance(1.3 * (x - 5)) ? "yes" : "no"}`); }
  for (let row = 0; row < 200; ++row) { const a = q.normal(), b = q.normal(); kinds.push(`${a.toFixed(3)},${b.toFixed(3)},${a + 0.6 * b + 0.5 * q.normal() > 0.2 ? 1 : -1}`); }
  for (let row = 0; row < 5000; ++row) { const a = 50 + 10 * q.normal(), b = q.normal(); clients.push(`${a.toFixed(2)},${b.toFixed(3)},${q.normal().toFixed(3)},${q.uniform() < chance((a - 50) / 10 + 1.5 * b - 0.5) ? 1 : 0}`); }
  for (let row = 0; row < 120; ++row) { const x = 4 * q.uniform(); calls.push(`${x.toFixed(3)},${Math.floor(Math.exp(0.2 + 0.6 * x) * (0.3 + 1.6 * q.uniform()))}`); }
  for (let row = 0; row < 80; ++row) { const x = 10 * q.uniform(); spoilt.push(`${x.toFixed(3)},${(2 + 0.8 * x + q.normal() + (row % 11 === 0 ? 25 : 0)).toFixed(3)}`); }
  for (const [name, lines] of Object.entries({doses, kinds, clients, calls, spoilt})) writeFileSync(join(folder, `${name}.csv`), lines.join("\n") + "\n");
  const r = random(7);
  const wide = [[...Array.from({length: 500}, (_, j) => `x${j + 1}`), "y"].join()];
  for (let row = 0; row < 1500; ++row) {
    const common = r.normal(), x = Array.from({length: 500}, () => r.normal() + 0.6 * common);
    wide.push([...x.map(value => value.toPrecision(6)), (x.reduce((sum, value, j) => j % 7 === 0 ? sum + value * Math.sin(j + 1) : sum, 0) + 3 * r.normal()).toPrecision(6)].join());
  }
  writeFileSync(join(folder, "wide.csv"), wide.join("\n") + "\n");
  // Names and levels that would be markup if anybody read them as such.
  const evil = ['<script>globalThis.pwned=1</script>,"<img src=x onerror=""globalThis.pwned=1"">",__proto__,y&amp;'];
  for (let row = 0; row < 40; ++row) evil.push([r.normal().toFixed(4), row % 3 === 0 ? "</script><b>b</b>" : row % 3 === 1 ? "a" : "c&lt;", r.normal().toFixed(4), r.normal().toFixed(4)].join());
  writeFileSync(join(folder, "evil.csv"), evil.join("\n") + "\n");
}

/// name -> {words, exit}: what is behind `talweg`, run in the folder of the data.
export function commands() {
  const diamonds = "diamonds.csv.gz";
  return {
    two: {words: ["fit", "two.csv", "--target", "y", "--scale", "none", "--learning-rate", "0.05", "--epochs", "300"]},
    three: {words: ["fit", "three.csv", "--target", "y", "--scale", "none", "--learning-rate", "0.05", "--epochs", "200"]},
    stochastic: {words: ["fit", "three.csv", "--target", "y", "--batch-size", "1", "--learning-rate", "0.05", "--epochs", "20"]},
    logistic: {words: ["fit", "doses.csv", "--target", "cured", "--loss", "logistic"]},
    poisson: {words: ["fit", "calls.csv", "--target", "calls", "--loss", "poisson"]},
    mae: {words: ["fit", "spoilt.csv", "--target", "y", "--loss", "mae"]},
    quantile: {words: ["fit", "spoilt.csv", "--target", "y", "--loss", "quantile", "--quantile", "0.8"]},
    huber: {words: ["fit", "spoilt.csv", "--target", "y", "--loss", "huber", "--l1", "0.3"]},
    hinge: {words: ["fit", "kinds.csv", "--target", "kind", "--loss", "hinge"]},
    "squared-hinge": {words: ["fit", "kinds.csv", "--target", "kind", "--loss", "squared-hinge", "--optimizer", "gd", "--learning-rate", "0.1", "--epochs", "50"]},
    clients: {words: ["fit", "clients.csv", "--target", "bought", "--loss", "logistic", "--optimizer", "gd", "--validation", "0.3", "--patience", "10"]},
    jitter: {words: ["fit", "kinds.csv", "--target", "kind", "--loss", "logistic", "--batch-size", "1", "--learning-rate", "0.5", "--epochs", "20"]},
    lasso: {words: ["fit", diamonds, "--target", "price", "--features", "carat,depth,table,x,y,z", "--l1", "700", "--penalty-scale", "standard"]},
    folds: {words: ["fit", "women.csv", "--target", "weight", "--folds", "5"]},
    "logistic-formula": {words: ["fit", "kinds.csv", "--formula", "kind = a + b*width + c*width^2 + d*height", "--loss", "logistic"]},
    women: {words: ["fit", "women.csv", "--target", "weight"]},
    diamonds: {words: ["fit", diamonds, "--target", "price"]},
    "diamonds-gd": {words: ["fit", diamonds, "--target", "price", "--optimizer", "gd"]},
    diverged: {words: ["fit", diamonds, "--target", "price", "--features", "carat,depth", "--learning-rate", "0.0003"], exit: 3},
    wide: {words: ["fit", "wide.csv", "--target", "y", "--optimizer", "gd", "--epochs", "300"]},
    decay: {words: ["fit", "decay.csv", "--formula", "y = a*exp(-b*t) + c"]},
    parabola: {words: ["fit", "women.csv", "--formula", "weight = b0 + b1*height + b2*height^2", "--optimizer", "gd", "--epochs", "1000"]},
    evil: {words: ["fit", "evil.csv", "--target", "y&amp;", "--optimizer", "gd"]},
  };
}

export function makePage(program, folder, name) {
  const {words, exit = 0} = commands()[name];
  const file = join(folder, `${name}.html`);
  talweg(program, folder, [...words, "--report", `${name}.html`, "--trace", `${name}.trace.csv`], exit);
  return file;
}
