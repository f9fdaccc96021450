// Sends the calls on its standard input with @rudderstack/rudder-sdk-node, as an application would. It exits with 1 if
// the SDK reports an error. CommonJS, because NODE_PATH is not for modules.

const { readFileSync } = require("node:fs");
const Analytics = require("@rudderstack/rudder-sdk-node");

const analytics = new Analytics("demo", { dataPlaneUrl: process.argv[2] });

const report = (error) => {
  if (error) {
    console.error(error);
    process.exitCode = 1;
  }
};
for (const { type, ...call } of JSON.parse(readFileSync(0, "utf8"))) {
  analytics[type](call, report);
}
analytics.flush(report);
