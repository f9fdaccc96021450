// Opens an address in Chromium, runs what stands on standard input with the `page`, and prints as JSON what it returns,
// every error that the page has seen, and every request that it has made. CommonJS, because NODE_PATH is not for modules.

const { readFileSync } = require("node:fs");
const { chromium } = require("playwright-core");

const [executablePath, url, width, colorScheme] = process.argv.slice(2);

async function main() {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-background-networking"] });
  const page = await browser.newPage({ viewport: { width: Number(width), height: 900 }, colorScheme });
  const [errors, requests] = [[], []];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("dialog", (dialog) => errors.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  const scene = new (async () => {}).constructor("page", readFileSync(0, "utf8"));
  const value = await scene(page);
  await browser.close();
  console.log(JSON.stringify({ value, errors, requests }));
}

main();
