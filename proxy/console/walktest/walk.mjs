// Walks the pages of a console in headless Chromium: node walk.mjs BASE NAME PASSWORD PAGES SHOTS
//
// PAGES is a file with further pages, a line each: a name, an address, and, after a #, what to
// do there (click SELECTOR, type SELECTOR TEXT, fill SELECTOR TEXT in the place of what is there,
// select SELECTOR VALUE, wait SELECTOR, forget the session). A name with ! and a status is that of a state, such as an error, which has
// no screenshot. Every entry of the navigation is walked in any case, and once more by the Tab key,
// and without scripts. Each page is loaded light and dark, wide, and as on a phone, a tablet and a
// large screen. What is wrong is written to standard output, a line each; screenshots of the wide
// ones are written to the folder SHOTS, and the HTML of all to seen.html. What was walked, and in
// what time, is written to standard error.
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import puppeteer from "puppeteer-core";

const [base, name, password, pagesFile, shots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
mkdirSync(shots, { recursive: true });

let browser, page;
let cookies = []; // of the session
const problems = [];
let where = "login";
let expected = 200; // the status of a state
let last = 0; // status of the document that is shown
const add = (text) => problems.push(where + ": " + text);

// open starts a browser, with the session if there is one.
const open = async () => {
  browser = await puppeteer.launch({ executablePath, protocolTimeout: 30000, args: ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb"] });
  page = await browser.newPage();
  page.on("console", (m) => { if (["error", "warn"].includes(m.type()) && !m.text().includes("status of " + expected)) add("console: " + m.text()); });
  page.on("pageerror", (e) => add("script: " + e.message));
  page.on("requestfailed", (r) => { if (r.failure()?.errorText !== "net::ERR_ABORTED") add("request failed: " + r.url()); });
  page.on("response", (r) => { if (r.status() >= 400 && r.status() !== expected) add("status " + r.status() + ": " + r.url()); });
  page.on("response", (r) => { if (r.request().isNavigationRequest() && r.frame() === page.mainFrame()) last = r.status(); });
  await page.evaluateOnNewDocument(() => addEventListener("securitypolicyviolation", (e) => console.error("CSP: " + e.violatedDirective + " " + e.blockedURI)));
  if (cookies.length) await page.setCookie(...cookies);
};
const kill = () => {
  page?.removeAllListeners();
  browser?.process()?.kill("SIGKILL");
};

// within runs one step. A browser that does not end it in time, or does not answer, is replaced,
// and the step starts again: that says nothing of the console. A step that fails three times does.
let restarts = 0;
const within = async (step, seconds = 60) => {
  for (let tries = 1; ; tries++) {
    const found = problems.length;
    const running = step();
    let timer;
    const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Late(`no end after ${seconds} s`)), seconds * 1000); });
    try {
      return await Promise.race([running, late]);
    } catch (e) {
      console.error(`${where}: attempt ${tries}: ${e.message}`);
      if (!["Late", "TimeoutError", "ProtocolError", "TargetCloseError"].includes(e.constructor.name) || tries === 3 || ++restarts > 6) throw e;
      kill();
      await Promise.race([running.catch(() => {}), new Promise((done) => setTimeout(done, 5000))]); // the old step must not use the new page
      problems.length = found;
      await open();
    } finally {
      clearTimeout(timer);
    }
  }
};
class Late extends Error {}

await open();
const seen = []; // what the pages have
const mostBytes = 100 * 1024; // of a page, compressed
const sizes = { wide: [1280, 860], phone: [360, 740], tablet: [768, 1024], large: [1920, 1080] };
const everything = [["wide", "light"], ["wide", "dark"], ["phone", "light"], ["tablet", "dark"], ["large", "light"]];
const look = async (shot, act, views = everything) => {
  const begun = Date.now();
  for (const [size, scheme] of views) {
    where = `${shot} (${scheme}, ${size})`;
    await within(() => view(shot, act, size, scheme, views === everything), 90);
  }
  console.error(`walked ${shot} ${((Date.now() - begun) / 1000).toFixed(1)} s`);
};
const view = async (shot, act, size, scheme, shown) => {
  const [width, height] = sizes[size];
  await page.setViewport({ width, height, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
  await act();
  await page.waitForNetworkIdle({ idleTime: 100, timeout: 20000 }).catch(() => add("its requests do not end"));
  const context = await page.createCDPSession(); // CSP forbids axe as a script of the page, not in a world of its own
  const { frameTree } = await context.send("Page.getFrameTree");
  const { executionContextId } = await context.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  const run = async (expression) => {
    const { result, exceptionDetails } = await context.send("Runtime.evaluate", { contextId: executionContextId, expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  };
  const overflow = await run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  if (overflow > 1) add(`the page is ${overflow} pixels wider than the window`);
  if (await run("document.querySelectorAll('h1').length") !== 1) add("not one h1");
  const content = await page.content();
  seen.push(content);
  const bytes = gzipSync(content).length;
  if (bytes > mostBytes) add(`${bytes} bytes, compressed`);
  if (expected !== 200 && last !== expected) add(`status ${last} instead of ${expected}`);
  if (size === "wide" && shown) await page.screenshot({ path: `${shots}/${shot}-${scheme}.png`, optimizeForSpeed: false });
  // Rows of a table are alike, and the contrast of thousands of cells takes axe half a minute: it has the first forty.
  await run("document.querySelectorAll('tbody > tr:nth-child(n+41)').forEach((row) => row.remove())");
  await run(axe + ";0");
  const found = await run("axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.map((v) => ({id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary)})))");
  for (const v of found) if (v.impact === "serious" || v.impact === "critical") add(`axe ${v.id}: ${v.nodes.slice(0, 3).join(" | ")}`);
  await context.detach();
};

// appears waits for what a page that loads itself again shows in the end.
const appears = async (selector) => {
  for (const end = Date.now() + 60000; Date.now() < end; await new Promise((done) => setTimeout(done, 200))) {
    if (await page.evaluate((s) => document.querySelector(s) !== null, selector).catch(() => false)) return;
  }
  add("there is no " + selector);
};

await look("login", () => page.goto(base + "/login"));
expected = 401;
await look("login-wrong", async () => {
  await page.goto(base + "/login");
  await page.type("#name", name);
  await page.type("#password", "not the password");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}, [["phone", "light"]]);
expected = 200;
const entries = await within(async () => {
  await page.setViewport({ width: 1280, height: 860 });
  await page.goto(base + "/login");
  await page.type("#name", name);
  await page.type("#password", password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]); // as without a mouse
  cookies = await page.cookies();
  return page.$$eval("nav a", (all) => all.map((a) => a.href));
});
if (entries.length < 2) add("the login leads to no pages: " + page.url());
const origin = new URL(base).origin;
for (const href of entries) {
  await look(new URL(href).pathname.replace(/^\/console\/?/, "").replaceAll("/", "-") || "overview", () => page.goto(href));
}
for (const line of readFileSync(pagesFile, "utf8").split("\n")) {
  if (!line.trim() || line.startsWith("#")) continue;
  const [spec, ...acts] = line.split(" # ");
  const [named, path] = spec.trim().split(/\s+/);
  const [shot, state] = named.split("!");
  expected = state ? Number(state) : 200;
  cookies = await page.cookies();
  await look(shot, async () => {
    await page.setCookie(...cookies);
    await page.goto(origin + path);
    for (const act of acts.map((a) => a.trim())) {
      const [verb, selector, ...rest] = act.split(" ");
      if (verb === "click") await Promise.all([page.waitForNavigation({ timeout: 15000 }).catch(() => add("no page comes from a click at " + selector)), page.click(selector)]);
      else if (verb === "type") await page.type(selector, rest.join(" "));
      else if (verb === "fill") await page.$eval(selector, (e, text) => { e.value = text.replaceAll("\\n", "\n"); e.form.noValidate = true; }, rest.join(" "));
      else if (verb === "select") await page.select(selector, ...rest);
      else if (verb === "wait") await appears(selector);
      else if (verb === "forget") await page.deleteCookie(...cookies.filter((c) => c.httpOnly));
      else throw new Error("unknown: " + act);
    }
  }, state ? [["phone", "dark"], ["wide", "light"]] : everything);
  await page.setCookie(...cookies);
}
expected = 200;

// By keyboard alone: Tab reaches what can be used, and one sees where it is.
const tabThrough = async (href) => {
  await page.setViewport({ width: 1280, height: 860 });
  await page.goto(href);
  const all = await page.evaluate(() => [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary,[tabindex='0']")].filter((e) => e.getClientRects().length && !e.disabled).length);
  const reached = new Set();
  for (let i = 0; i < Math.min(all + 20, 120); i++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const e = document.activeElement;
      if (!e || e === document.body) return null;
      e.dataset.walked ??= String(Math.random());
      const style = getComputedStyle(e), box = e.getBoundingClientRect();
      return { id: e.dataset.walked, what: e.outerHTML.slice(0, 80), seen: box.bottom > 0 && box.top < innerHeight && (style.outlineStyle !== "none" || style.boxShadow !== "none") };
    });
    if (at && !at.seen) add("the focus is not seen at " + at.what);
    if (at) reached.add(at.id);
  }
  if (reached.size < Math.min(all, 120) * 0.9) add(`Tab reaches ${reached.size} of ${all}`);
};
for (const href of entries) {
  where = href + " (by keyboard)";
  await within(() => tabThrough(href));
}

// Without scripts: every page is there, and a form works.
for (const href of entries) {
  where = href + " (without scripts)";
  await within(async () => {
    await page.setJavaScriptEnabled(false);
    await page.goto(href);
    if ((await page.$$("main h1")).length !== 1) add("no page");
  });
}
where = "a draft without scripts";
await within(async () => {
  await page.setJavaScriptEnabled(false);
  await page.goto(base + "/rulesets/draft");
  await Promise.all([page.waitForNavigation(), page.click("button.primary")]);
  if (!(await page.content()).includes("No mistakes")) add("the form does nothing");
});
kill();
for (const p of problems) console.log(p.replaceAll("\n", " "));
writeFileSync("seen.html", seen.join("\n"));
