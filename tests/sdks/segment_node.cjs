// Sends the calls on its standard input with @segment/analytics-node, as an application would.
// It exits with 1 if the SDK reports an error. CommonJS, because NODE_PATH is not for modules.

const { readFileSync } = require("node:fs");
const { Analytics } = require("@segment/analytics-node");

const analytics = new Analytics({ writeKey: "demo", host: process.argv[2] });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

for (const { type, ...call } of JSON.parse(readFileSync(0, "utf8"))) {
  analytics[type](call);
}
analytics.closeAndFlush();
