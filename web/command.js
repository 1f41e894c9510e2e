// SPDX-License-Identifier: Apache-2.0
// The command line that does what the page shows.
import {exactText} from "numbers";

const withValue = ["--optimizer", "--learning-rate", "--momentum", "--schedule", "--decay", "--power", "--batch-size", "--shuffle", "--start", "--seed", "--epochs", "--tolerance", "--scale",
  "--max-seconds", "--restarts", "--report", "--plot", "--trace", "--output", "-o"];
const alone = ["--json", "--quiet", "--verbose", "--no-progress"];

export function quoted(word) {
  return /^[A-Za-z0-9_./,:=+@%-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\\''") + "'";
}

/// The words that say which data, columns and cost.
function kept(words) {
  const out = [];
  for (let k = 0; k < words.length; ++k) {
    const word = words[k];
    if (withValue.includes(word)) { ++k; continue; }
    if (alone.includes(word) || withValue.some(option => option.startsWith("--") ? word.startsWith(option + "=") : word.startsWith(option) && !word.startsWith("--"))) continue;
    out.push(word);
  }
  return out;
}

export function asRunCommand(data) {
  return ["talweg", ...data.arguments].map(quoted).join(" ");
}

/// A name=value list for --start, a name with a comma or a quote as a CSV field.
function startList(run, settings) {
  const moved = run.carried.map((parameter, j) => ({parameter, value: settings.start?.[j] ?? parameter.start}));
  if (!run.data.others_start_at_zero || run.carried.some(parameter => parameter.typed === null)) return null;
  return moved.filter(({value}) => value !== 0).map(({parameter, value}) => {
    const field = `${parameter.typed ?? parameter.name}=${exactText(value)}`;
    return /[",\n\r]|^ | $/.test(field) ? '"' + field.replaceAll('"', '""') + '"' : field;
  }).join(",");
}

export function command(run) {
  const {data, settings} = run;
  if (settings.method === "recorded") return asRunCommand(data);
  const words = ["talweg", ...kept(data.arguments), "--optimizer", settings.method];
  if (settings.method !== "gd") words.push("--momentum", exactText(settings.momentum));
  words.push("--learning-rate", exactText(settings.rate), "--scale", data.plan.scale, "--epochs", String(settings.epochs));
  const same = data.arguments.findIndex(word => word === "--start" || word.startsWith("--start="));
  if (settings.start === null && same >= 0) {
    words.push(...(data.arguments[same] === "--start" ? data.arguments.slice(same, same + 2) : [data.arguments[same]]));
    const seed = data.arguments.findIndex(word => word === "--seed" || word.startsWith("--seed="));
    if (seed >= 0) words.push(...(data.arguments[seed] === "--seed" ? data.arguments.slice(seed, seed + 2) : [data.arguments[seed]]));
  } else if (settings.start !== null) {
    const list = startList(run, settings);
    if (list) words.push("--start", list);
  }
  return words.map(quoted).join(" ");
}
