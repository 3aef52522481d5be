// Opens every page of a folder in Chromium: light, dark, phone width and paper. Fails on an accessibility
// fault, a request, a script, a message on the console, or text that runs out of a phone's screen.
// Usage: node check.mjs CHROMIUM PAGES SHOTS

import { readFile, readdir, mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { createServer } from "node:http";
import puppeteer from "puppeteer-core";

const [chromium, pages, shots] = process.argv.slice(2);
if (!shots) {
  console.error("usage: node check.mjs CHROMIUM PAGES SHOTS");
  process.exit(2);
}
const axe = await readFile(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
await mkdir(shots, { recursive: true });

const looks = [
  { name: "light", width: 1200, scheme: "light" },
  { name: "dark", width: 1200, scheme: "dark" },
  { name: "phone", width: 375, scheme: "light" },
  { name: "phone-dark", width: 375, scheme: "dark" },
];

// The pages are served on loopback, so that every request that one of them makes is seen here.
const asked = [];
const server = createServer(async (request, response) => {
  asked.push(request.url);
  const body = await readFile(join(pages, basename(request.url))).catch(() => null);
  response.writeHead(body ? 200 : 404, { "content-type": "text/html" });
  response.end(body ?? "not here");
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

const browser = await puppeteer.launch({
  executablePath: resolve(chromium),
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
let faults = 0;
const fault = (where, what) => {
  faults += 1;
  console.error(`FAULT ${where}: ${what}`);
};

async function look(file, { name, width, scheme }) {
  const where = `${basename(file, ".html")}-${name}`;
  const page = await browser.newPage();
  page.on("console", (message) => fault(where, `console: ${message.text()}`));
  page.on("dialog", (dialog) => {
    fault(where, `a script ran: ${dialog.message()}`);
    dialog.dismiss();
  });
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.setViewport({ width, height: 900, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(`${origin}/${file}`, { waitUntil: "load" });
  await page.screenshot({ path: join(shots, `${where}.png`), fullPage: true });
  await page.screenshot({ path: join(shots, `${where}-top.png`) });

  const shape = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - window.innerWidth,
    scripts: document.scripts.length,
    handlers: [...document.querySelectorAll("*")].filter((element) =>
      [...element.attributes].some((attribute) => attribute.name.startsWith("on"))).length,
    links: [...document.links].map((link) => link.href).filter((href) => !/^https?:/.test(href)),
  }));
  if (shape.wide > 0) fault(where, `${shape.wide} px wider than the screen`);
  if (shape.scripts + shape.handlers > 0) fault(where, "there is a script in the page");
  for (const href of shape.links) fault(where, `a link to ${href}`);
  if (requests.length !== 1) fault(where, `more than the page was asked for: ${requests.join(" ")}`);

  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document));
  for (const violation of result.violations) {
    const places = violation.nodes.slice(0, 4).map((node) => `${node.target}: ${node.failureSummary}`).join("; ");
    fault(where, `${violation.id} (${violation.impact}): ${violation.help}: ${places}`);
  }
  console.log(`${where}: ${result.passes.length} accessibility rules passed, ${result.violations.length} broken`);
  await page.close();
}

async function paper(file) {
  const page = await browser.newPage();
  await page.goto(`${origin}/${file}`, { waitUntil: "load" });
  await page.emulateMediaType("print");
  // Paper cannot be unfolded: what is folded on the screen is printed too.
  const folded = await page.evaluate(() =>
    [...document.querySelectorAll("details > :last-child")].filter((part) => !part.checkVisibility()).length);
  if (folded > 0) fault(`${basename(file, ".html")}-paper`, `${folded} folded parts are left out`);
  await page.pdf({ path: join(shots, `${basename(file, ".html")}.pdf`), format: "A4", margin: { top: "15mm", bottom: "15mm", left: "15mm", right: "15mm" } });
  await page.close();
}

const files = (await readdir(pages)).filter((file) => file.endsWith(".html")).sort();
try {
  if (files.length === 0) fault(pages, "no page to look at");
  for (const file of files) {
    for (const one of looks) await look(file, one);
    await paper(file);
  }
  const outside = asked.filter((url) => !files.includes(basename(url)));
  if (outside.length > 0) fault("all pages", `asked for ${outside.join(" ")}`);
} finally {
  await browser.close();
  server.close();
}
console.log(`${files.length * looks.length} screenshots in ${shots}, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
