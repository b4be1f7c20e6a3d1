// Logs in to a console at a provider, as each of NAMES: node login.mjs BASE NAMES… It prints what
// the page says then, and, for who got in, where a logout ends and whether the provider demands
// a password after that.
import puppeteer from "puppeteer-core";

const [base, ...names] = process.argv.slice(2);
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
for (const name of names) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const go = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)]);
  await page.goto(base + "/login");
  await go("a.button");
  await page.type("input[name=login]", name);
  await page.type("input[name=password]", "any");
  await go("button[type=submit]");
  await go("button[type=submit]"); // consent
  console.log(name + ": " + await page.$eval(".who strong, .notice", (e) => e.textContent));
  if (await page.$(".who form")) {
    await page.click(".who form button");
    await page.waitForSelector("button[name=logout]"); // at the provider, which asks
    await go("button[name=logout]");
    console.log(name + " is at " + page.url().slice(base.length));
    await page.goto(base + "/");
    console.log(name + " sees " + page.url().slice(base.length).split("?")[0]);
    await go("a.button");
    console.log(name + " is asked for a password: " + Boolean(await page.$("input[name=password]")));
  }
  await context.close();
}
await browser.close();
