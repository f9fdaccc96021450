"""Who finds the mistakes that a program makes with a generated client: its compiler, or the call itself?"""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from analytics_platform.commands.generate import GENERATED
from tests.fakes.vendor import Vendor
from tests.generated.toolchains import BY_NAME, GROUPS, Program

pytestmark = pytest.mark.timeout(600)  # compilers, on a machine that may do other things

REPOSITORY = Path(__file__).parents[1]

TYPESCRIPT = """
import { Analytics, Client } from "./product_analytics.js";
const analytics = new Analytics(new Client({ host: process.argv[2] ?? "", writeKey: "k" }));
"""
PYTHON = """
import sys
from product_analytics import Analytics, Client
analytics = Analytics(Client(sys.argv[1], "k"))
"""
RUBY = """
require "product_analytics"
client = ProductAnalytics::Client.new(ARGV[0], "k")
"""
GO = """
package main

import (
	"context"
	"log"
	"math"
	"os"

	"example.com/app/productanalytics"
)

func main() {
	nobody, somebody := productanalytics.Call{}, productanalytics.Call{UserID: "u"}
	client, err := productanalytics.NewClient(productanalytics.Config{Host: os.Args[1], WriteKey: "k"})
	if err != nil {
		log.Fatal(err)
	}
	err = client.Track(%s)
	_, _, _ = nobody, somebody, math.NaN()
	_ = client.Close(context.Background())
	if err != nil {
		log.Fatal(err)
	}
}
"""


TYPED = [
    ("typescript", TYPESCRIPT + "analytics.reportCreated({});", "'report_id' is missing"),
    ("typescript", TYPESCRIPT + "analytics.reportCreated({ report_id: 7 });", "'number' is not assignable"),
    ("typescript", TYPESCRIPT + "analytics.reportCreated({ report_id: '', tmplate: '' });", "'template'?"),
    ("python", PYTHON + "analytics.report_created()", 'Missing named argument "report_id"'),
    ("python", PYTHON + "analytics.report_exported(report_id='r', format='doc')", "has incompatible type"),
    ("python", PYTHON + "analytics.report_craeted(report_id='r')", 'maybe "report_created"'),
    ("go", GO % "somebody, productanalytics.ReportCreated{ReportID: 7}", "cannot use 7"),
    ("go", GO % 'somebody, productanalytics.ReportCreated{Template: "t"}', "cannot use"),
    ("go", GO % "somebody, productanalytics.NewReportCreated()", "not enough arguments"),
]
"""Language, program, and what its compiler says."""

CHECKED = [
    ("typescript", TYPESCRIPT + "analytics.reportCreated({ report_id: 'r' });", "name a userId"),
    ("python", PYTHON + "analytics.report_created(report_id='r')", "name a user_id"),
    (
        "python",
        PYTHON + "analytics.file_uploaded(file_id='f', duration_ms=float('nan'), user_id='u')",
        "not JSON compliant",
    ),
    ("python", PYTHON.replace("sys.argv[1]", "'file:///etc'"), "the host must begin with https://"),
    (
        "ruby",
        RUBY + "ProductAnalytics::ReportExported.new(report_id: 7, format: 'doc', row_count: -1)",
        (
            "report.exported: report_id: expected a String, found Integer; "
            "format: expected one of csv, pdf, xlsx, found String; "
            "row_count: expected an Integer, at least 0, found Integer (ArgumentError)"
        ),
    ),
    ("ruby", RUBY + "ProductAnalytics::ReportCreated.new", "missing keyword: :report_id"),
    ("ruby", RUBY + "ProductAnalytics::ReportCreated.new(report_id: nil)", "expected a required value"),
    ("ruby", RUBY + "ProductAnalytics::ReportCreated.new(report_id: '', tmplate: '')", "unknown keyword"),
    ("ruby", RUBY + "ProductAnalytics::FileUploaded.new(file_id: '', duration_ms: Float::NAN)", "a finite number"),
    ("ruby", RUBY + "client.track(ProductAnalytics::ReportCreated.new(report_id: 'r'))", "name a user_id"),
    ("ruby", RUBY.replace("ARGV[0]", '"events.example.com"'), "the host must begin with https://"),
    ("go", GO % 'nobody, productanalytics.ReportCreated{ReportID: "r"}', "name a UserID"),
    (
        "go",
        GO % "somebody, productanalytics.ReportExported{RowCount: productanalytics.Of(int64(-1))}",
        "format: expected one of its choices; row_count: expected at least 0",
    ),
    (
        "go",
        GO % "somebody, productanalytics.FileUploaded{DurationMs: productanalytics.Of(math.NaN())}",
        "cannot be JSON",
    ),
    ("go", (GO % "somebody, nil").replace("os.Args[1]", "os.Args[1][2:]"), "the Host must begin with https://"),
]
"""Language, program, and what the client says."""


def cases(mistakes: list[tuple[str, str, str]]) -> list[ParameterSet]:
    """The mistakes as parameters, each in the group of its language."""
    return [
        pytest.param(language, *others, id=f"{language}-{number}", marks=GROUPS[language])
        for number, (language, *others) in enumerate(mistakes)
    ]


@pytest.mark.parametrize(("language", "program", "complaint"), cases(TYPED))
def test_a_compiler_finds_what_types_can_say(tmp_path: Path, language: str, program: str, complaint: str) -> None:
    """A property that is missing, unknown or of another type never gets as far as a server."""
    with pytest.raises(AssertionError) as refusal:
        build(language, program, tmp_path)

    assert complaint in str(refusal.value)


@pytest.mark.parametrize(("language", "program", "complaint"), cases(CHECKED))
def test_a_call_finds_what_types_cannot_say(tmp_path: Path, language: str, program: str, complaint: str) -> None:
    """The program hears of it where it calls; nothing of it is sent."""
    with Vendor().listening() as server:
        finished = build(language, program, tmp_path).run(server.url)

    assert finished.returncode != 0
    assert complaint in finished.stderr
    assert server.requests == []


def build(language: str, program: str, folder: Path) -> Program:
    """The program with the client that is committed."""
    return BY_NAME[language].build(REPOSITORY / GENERATED, folder / "app", program)
