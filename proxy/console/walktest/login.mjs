// Logs in to a console at a provider, as each of NAMES: node login.mjs BASE NAMES… It prints what
// the page says then.
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
  await context.close();
}
await browser.close();
