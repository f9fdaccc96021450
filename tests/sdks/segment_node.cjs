// Sends the calls on its standard input with a version of @segment/analytics-node, as an application would. The arguments
// are the name of its package and the host. It exits with 1 if the SDK reports an error. CommonJS, because NODE_PATH is
// not for modules.

const { readFileSync } = require("node:fs");

const [name, host] = process.argv.slice(2);
const { Analytics } = require(name);

const analytics = new Analytics({ writeKey: "demo", host });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

for (const { type, ...call } of JSON.parse(readFileSync(0, "utf8"))) {
  analytics[type](call);
}
analytics.closeAndFlush({ timeout: 60_000 });
