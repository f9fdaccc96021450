// Plays one scene of a visitor in Chromium, and stays until its standard input ends. CommonJS, because NODE_PATH is not
// for modules.

const { chromium } = require("playwright-core");

const [executablePath, scene, url] = process.argv.slice(2);

const scenes = {
  // The page is left while a call waits for others to go with it.
  async leave(page) {
    await report(page, "r-1");
    await page.goto("about:blank");
  },

  // The network goes, the page is closed with a call that could not be sent, the network and the visitor come back.
  async comeBack(page, context) {
    await context.setOffline(true);
    await report(page, "r-1");
    await Promise.all([page.waitForEvent("requestfailed"), flush(page)]);
    await page.close();
    await context.setOffline(false);
    await open(context);
  },

  // The network goes and comes back under the visitor's eyes.
  async wait(page, context) {
    await context.setOffline(true);
    await report(page, "r-1");
    await Promise.all([page.waitForEvent("requestfailed"), flush(page)]);
    await context.setOffline(false);
  },

  // A visitor signs in, comes back on a new page, and signs out.
  async signIn(page) {
    await report(page, "before");
    await page.evaluate(() => window.analytics.identify("u-1", { plan: "team" }));
    await page.reload();
    await report(page, "after");
    await page.evaluate(() => window.client.reset());
    await report(page, "afterwards");
    await page.evaluate(() => window.client.flush());
  },
};

const report = (page, id) => page.evaluate((report_id) => window.analytics.reportCreated({ report_id }), id);
const flush = (page) => page.evaluate(() => void window.client.flush());

async function open(context) {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => window.analytics);
  return page;
}

async function main() {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-background-networking"] });
  const context = await browser.newContext();
  await scenes[scene](await open(context), context);
  for await (const _ of process.stdin);
  await browser.close();
}

main();
