"""A program in each language that reports `report.created` some times, then ends as its programs do.

Its arguments: the host, how often, how many seconds it waits for the server at its end, and how many calls may wait.
"""

from collections.abc import Mapping

_TYPESCRIPT = """
import { Analytics, Client } from "./product_analytics.js";

const [host = "", count, seconds, queueSize] = process.argv.slice(2);
const client = new Client({ host, writeKey: "YOUR_WRITE_KEY", queueSize: Number(queueSize) });
const analytics = new Analytics(client);

for (let number = 0; number < Number(count); number++) {
  analytics.reportCreated({ report_id: `r-${number}` }, { userId: "u-1" });
}

await client.close(Number(seconds) * 1000);
"""

_PYTHON = """
import sys

from product_analytics import Analytics, Client

host, count, seconds, queue_size = sys.argv[1:]
analytics = Analytics(Client(host, "YOUR_WRITE_KEY", exit_timeout=float(seconds), queue_size=int(queue_size)))

for number in range(int(count)):
    analytics.report_created(report_id=f"r-{number}", user_id="u-1")
"""

_RUBY = """
require "product_analytics"

host, count, seconds, queue_size = ARGV
client = ProductAnalytics::Client.new(host, "YOUR_WRITE_KEY", exit_timeout: seconds.to_f, queue_size: queue_size.to_i)

count.to_i.times do |number|
  client.track(ProductAnalytics::ReportCreated.new(report_id: "r-#{number}"), user_id: "u-1")
end
"""

_GO = """
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"example.com/app/productanalytics"
)

func main() {
	count, _ := strconv.Atoi(os.Args[2])
	seconds, _ := strconv.Atoi(os.Args[3])
	queueSize, _ := strconv.Atoi(os.Args[4])
	client, err := productanalytics.NewClient(productanalytics.Config{
		Host: os.Args[1], WriteKey: "YOUR_WRITE_KEY", QueueSize: queueSize,
	})
	if err != nil {
		log.Fatal(err)
	}
	user := productanalytics.Call{UserID: "u-1"}
	for number := 0; number < count; number++ {
		report := productanalytics.ReportCreated{ReportID: fmt.Sprintf("r-%d", number)}
		if err := client.Track(user, report); err != nil {
			log.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds)*time.Second)
	defer cancel()
	if err := client.Close(ctx); err != nil {
		log.Print(err)
	}
}
"""

PROGRAMS: Mapping[str, str] = {"typescript": _TYPESCRIPT, "python": _PYTHON, "ruby": _RUBY, "go": _GO}
"""By language."""
