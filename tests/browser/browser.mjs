// SPDX-License-Identifier: Apache-2.0
// A headless Chromium of its own, and pages watched for everything that a report must not do: errors on the console,
// requests, violations of its content-security policy.
import {execFileSync, spawnSync} from "node:child_process";
import {mkdtempSync, readFileSync, rmSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {pathToFileURL} from "node:url";
import {chromium} from "playwright-core";

export const chromiumPath = process.env.TALWEG_CHROMIUM ?? "/usr/bin/chromium";

export async function openBrowser() {
  const profile = mkdtempSync(join(tmpdir(), "talweg-browser-"));
  const context = await chromium.launchPersistentContext(profile, {executablePath: chromiumPath, headless: true,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"]});
  return {context, close: async () => { await context.close(); rmSync(profile, {recursive: true, force: true}); }};
}

/// Opens a file; `trouble` collects what went wrong since.
export async function openPage(context, file, {width = 1600, height = 1000, scheme = "light"} = {}) {
  const page = await context.newPage();
  const trouble = [];
  page.on("console", message => { if (["error", "warning"].includes(message.type())) trouble.push(`${message.type()}: ${message.text()}`); });
  page.on("pageerror", error => trouble.push(`error: ${error.stack}`));
  const url = pathToFileURL(file).href;
  page.on("request", request => { if (request.url() !== url && !request.url().startsWith("data:")) trouble.push(`request: ${request.url()}`); });
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", event => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.setViewportSize({width, height});
  await page.emulateMedia({colorScheme: scheme});
  await page.goto(url);
  await page.waitForFunction(() => document.documentElement.dataset.ready === "yes", null, {timeout: 30_000});
  await page.waitForTimeout(100);
  return {page, trouble: async () => [...trouble, ...await page.evaluate(() => globalThis.violations)]};
}

/// Runs the program; the exit code must be the one expected.
export function talweg(program, folder, words, exit = 0) {
  const result = spawnSync(program, words, {cwd: folder, encoding: "utf8", maxBuffer: 1 << 28});
  if (result.status !== exit) throw new Error(`talweg ${words.join(" ")}: exit code ${result.status}, expected ${exit}\n${result.stderr}`);
  return result.stdout;
}

/// A command line as the page shows it, in a shell.
export function shell(program, folder, line) {
  return execFileSync("bash", ["-c", `talweg() { "$TALWEG_PROGRAM" "$@"; }\n${line}`], {cwd: folder, encoding: "utf8", env: {...process.env, TALWEG_PROGRAM: program}, stdio: ["ignore", "pipe", "ignore"]});
}

/// A trace file (names without commas or quotes) as {names, rows of numbers}.
export function readTrace(file) {
  const [head, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  return {names: head.split(",").slice(4), rows: lines.map(line => line.split(",").map(Number))};
}
