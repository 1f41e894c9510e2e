// SPDX-License-Identifier: Apache-2.0
// The pictures of docs/gallery:  node make_gallery.mjs PROGRAM FOLDER_FOR_PAGES FOLDER_FOR_PICTURES [ROWS]
// Pages are written, opened, put into the state worth showing, and photographed. ROWS (10,000,000) is the size of the
// large table.
import {createWriteStream, mkdirSync, statSync} from "node:fs";
import {once} from "node:events";
import {dirname, join, resolve} from "node:path";
import {fileURLToPath} from "node:url";
import {openBrowser, openPage, talweg} from "./browser.mjs";
import {commands, makePage, random, writeData} from "./make_pages.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const [program, folder, pictures] = process.argv.slice(2, 5).map(path => resolve(path));
const manyRows = Number(process.argv[5] ?? 10_000_000);
mkdirSync(pictures, {recursive: true});
writeData(folder, root);

// Ten million rows of a known line, through a pipe of their own so that memory stays small.
async function writeMany(file) {
  const r = random(11), out = createWriteStream(file);
  out.write("area,rooms,age,price\n");
  for (let row = 0; row < manyRows;) {
    const lines = [];
    for (const end = Math.min(manyRows, row + 20_000); row < end; ++row) {
      const area = 40 + 120 * r.uniform(), rooms = 1 + Math.floor(area / 30 + 2 * r.uniform()), age = 80 * r.uniform();
      lines.push(`${area.toFixed(1)},${rooms},${age.toFixed(1)},${(2.4 * area + 9 * rooms - 0.8 * age + 25 * r.normal()).toFixed(2)}`);
    }
    if (!out.write(lines.join("\n") + "\n")) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}

const many = join(folder, "many.html");
await writeMany(join(folder, "many.csv"));
talweg(program, folder, ["fit", "many.csv", "--target", "price", "--optimizer", "gd", "--report", "many.html"]);
if (statSync(many).size >= 3e6) throw new Error(`the page of ${manyRows} rows has ${statSync(many).size} bytes`);

const {context, close} = await openBrowser();
async function shoot(file, name, {width = 1280, height = 900, scheme = "light", selector = null, full = false, prepare = null} = {}) {
  const {page, trouble} = await openPage(context, file, {width, height, scheme});
  if (prepare) await page.evaluate(prepare);
  // Pictures of a part are taken without the bar that would hang over it.
  if (selector || full) await page.addStyleTag({content: ".bar { position: static !important; }"});
  await page.evaluate(() => globalThis.talweg.drawAll());
  await page.waitForTimeout(150);
  const path = join(pictures, `${name}.png`);
  if (selector) await page.locator(selector).screenshot({path}); else await page.screenshot({path, fullPage: full});
  const wrong = await trouble();
  if (wrong.length > 0) throw new Error(`${name}: ${wrong.join("; ")}`);
  await page.close();
  console.log(`${name}.png`);
}

try {
  const file = {};
  for (const name of Object.keys(commands())) if (name !== "evil") file[name] = makePage(program, folder, name);
  await shoot(file.diamonds, "diamonds-verdict");
  await shoot(file["diamonds-gd"], "diamonds", {full: true});
  await shoot(file["diamonds-gd"], "diamonds-descent", {selector: "#descent", scheme: "dark"});
  await shoot(file.two, "two-points-panels", {selector: "#panels"});
  await shoot(file.three, "three-points-data", {selector: "#data", prepare: "talweg.run.showEpoch(3)"});
  await shoot(file.three, "three-points-valley", {selector: "#valley", prepare: "talweg.run.showEpoch(3)"});
  await shoot(file.three, "three-points-gradient", {selector: "#gradient"});
  await shoot(file.decay, "curve", {height: 1250, prepare: "talweg.run.showEpoch(4)"});
  await shoot(file.parabola, "parabola", {selector: "#data"});
  await shoot(file.women, "women-narrow", {width: 400, height: 1400});
  await shoot(file.women, "women-dark", {scheme: "dark"});
  await shoot(file.diverged, "diverged", {height: 1100});
  await shoot(file["diamonds-gd"], "past-the-limit", {height: 1250, prepare: "talweg.run.change({rate: 1.02 * talweg.run.limit()}); scrollTo(0, document.querySelector('#descent').offsetTop - 420)"});
  await shoot(file.logistic, "logistic", {selector: "#valley"});
  await shoot(file.hinge, "hinge-border", {selector: "#data"});
  await shoot(file.mae, "absolute-error", {selector: "#data"});
  await shoot(file.lasso, "lasso-corner", {selector: "#valley"});
  await shoot(file.jitter, "jitter", {selector: "#valley"});
  await shoot(file.clients, "held-out", {selector: "#descent", scheme: "dark"});
  await shoot(file.lasso, "methods", {selector: "#advice"});
  await shoot(file.wide, "five-hundred-features", {selector: "#descent"});
  await shoot(many, "ten-million-rows", {height: 1500});
} finally {
  await close();
}
