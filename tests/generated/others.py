"""A program in each language that makes the three calls of which the plan says nothing: page, screen and alias."""

from collections.abc import Mapping

_TYPESCRIPT = """
import { Analytics, Client } from "./product_analytics.js";

const client = new Client({ host: process.argv[2] ?? "", writeKey: "YOUR_WRITE_KEY" });
const analytics = new Analytics(client);
analytics.page("Pricing", { plan: "team" }, { userId: "u-1" });
analytics.screen("Settings", {}, { anonymousId: "a-1" });
analytics.alias("u-1", "a-1");
await client.close();
"""

_PYTHON = """
import sys

from product_analytics import Analytics, Client

analytics = Analytics(Client(sys.argv[1], "YOUR_WRITE_KEY"))
analytics.page("Pricing", properties={"plan": "team"}, user_id="u-1")
analytics.screen("Settings", anonymous_id="a-1")
analytics.alias("u-1", previous_id="a-1")
"""

_RUBY = """
require "product_analytics"

client = ProductAnalytics::Client.new(ARGV[0], "YOUR_WRITE_KEY")
client.page("Pricing", properties: { plan: "team" }, user_id: "u-1")
client.screen("Settings", anonymous_id: "a-1")
client.alias(user_id: "u-1", previous_id: "a-1")
"""

_GO = """
package main

import (
	"context"
	"log"
	"os"

	analytics "example.com/app/productanalytics"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	client, err := analytics.NewClient(analytics.Config{Host: os.Args[1], WriteKey: "YOUR_WRITE_KEY"})
	must(err)
	user := analytics.Call{UserID: "u-1"}
	must(client.Page(user, "Pricing", map[string]any{"plan": "team"}))
	must(client.Screen(analytics.Call{AnonymousID: "a-1"}, "Settings", nil))
	must(client.Alias(user, "a-1"))
	must(client.Close(context.Background()))
}
"""

PROGRAMS: Mapping[str, str] = {"typescript": _TYPESCRIPT, "python": _PYTHON, "ruby": _RUBY, "go": _GO}
"""By language."""

STORED = (
    {"type": "page", "name": "Pricing", "properties": {"plan": "team"}, "userId": "u-1"},
    {"type": "screen", "name": "Settings", "properties": {}, "anonymousId": "a-1"},
    {"type": "alias", "userId": "u-1", "previousId": "a-1"},
)
"""What the server must have of them."""
