// Walks the pages of a console in headless Chromium: node walk.mjs BASE NAME PASSWORD PAGES SHOTS
//
// PAGES is a file with further pages, a line each: a name, an address, and, after a #, what to
// do there (click SELECTOR, type SELECTOR TEXT). Every entry of the navigation is walked in any
// case. Each page is loaded light and dark, wide and as on a phone. What is wrong is written to
// standard output, a line each; screenshots of the wide ones are written to the folder SHOTS, and the HTML of all to seen.html.
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const [base, name, password, pagesFile, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
mkdirSync(shots, { recursive: true });

const browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"] });
const problems = [];
const page = await browser.newPage();
let where = "login";
const add = (text) => problems.push(where + ": " + text);
page.on("console", (m) => { if (["error", "warn"].includes(m.type())) add("console: " + m.text()); });
page.on("pageerror", (e) => add("script: " + e.message));
page.on("requestfailed", (r) => { if (r.failure()?.errorText !== "net::ERR_ABORTED") add("request failed: " + r.url()); });
page.on("response", (r) => { if (r.status() >= 400) add("status " + r.status() + ": " + r.url()); });
await page.evaluateOnNewDocument(() => addEventListener("securitypolicyviolation", (e) => console.error("CSP: " + e.violatedDirective + " " + e.blockedURI)));

const checked = new Set();
const seen = []; // what the pages have
const look = async (shot, act) => {
  for (const scheme of ["light", "dark"]) {
    for (const [size, width, height] of [["wide", 1280, 860], ["phone", 390, 844]]) {
      where = `${shot} (${scheme}, ${size})`;
      await page.setViewport({ width, height, deviceScaleFactor: 1 });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
      await act();
      await page.waitForNetworkIdle({ idleTime: 100, timeout: 20000 }).catch(() => {});
      const context = await page.createCDPSession(); // CSP forbids axe as a script of the page, not in a world of its own
      const { frameTree } = await context.send("Page.getFrameTree");
      const { executionContextId } = await context.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
      const run = async (expression) => {
        const { result, exceptionDetails } = await context.send("Runtime.evaluate", { contextId: executionContextId, expression, awaitPromise: true, returnByValue: true });
        if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
        return result.value;
      };
      await run(axe + ";0");
      const found = await run("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => ({id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary)})))");
      for (const v of found) if (v.impact === "serious" || v.impact === "critical") add(`axe ${v.id}: ${v.nodes.slice(0, 3).join(" | ")}`);
      const overflow = await run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      if (overflow > 1) add(`the page is ${overflow} pixels wider than the window`);
      if (await run("document.querySelectorAll('h1').length") !== 1) add("not one h1");
      await context.detach();
      seen.push(await page.content());
      if (size === "wide") await page.screenshot({ path: `${shots}/${shot}-${scheme}.png`, optimizeForSpeed: false });
      else if (process.env.PHONE) await page.screenshot({ path: `${shots}/${shot}-phone-${scheme}.png` });
    }
  }
  checked.add(shot);
};

await look("login", () => page.goto(base + "/login"));
await page.setViewport({ width: 1280, height: 860 });
await page.goto(base + "/login");
await page.type("#name", name);
await page.type("#password", password);
await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]); // as without a mouse
const entries = await page.$$eval("nav a", (all) => all.map((a) => a.href));
if (entries.length < 2) add("the login leads to no pages: " + page.url());
const origin = new URL(base).origin;
for (const href of entries) {
  await look(new URL(href).pathname.replace(/^\/console\/?/, "").replaceAll("/", "-") || "overview", () => page.goto(href));
}
for (const line of readFileSync(pagesFile, "utf8").split("\n")) {
  if (!line.trim() || line.startsWith("#")) continue;
  const [spec, ...acts] = line.split(" # ");
  const [shot, path] = spec.trim().split(/\s+/);
  await look(shot, async () => {
    await page.goto(origin + path);
    for (const act of acts.map((a) => a.trim())) {
      const [verb, selector, ...rest] = act.split(" ");
      if (verb === "click") await Promise.all([page.waitForNavigation({ timeout: 15000 }).catch(() => {}), page.click(selector)]);
      else if (verb === "type") await page.type(selector, rest.join(" "));
      else throw new Error("unknown: " + act);
    }
  });
}
await browser.close();
for (const p of problems) console.log(p.replaceAll("\n", " "));
writeFileSync("seen.html", seen.join("\n"));
console.error([...checked].join(" "));
