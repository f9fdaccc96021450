"""What a project is made of whose tests use our pytest plugin."""

import sys
from pathlib import Path

from analytics_platform.commands.generate import GENERATED

REPOSITORY = Path(__file__).parents[1]
CLIENTS = REPOSITORY / GENERATED / "python"
SDKS = Path(sys.prefix, "sdks")  # `make test` puts them there

APPLICATION = """
from product_analytics import Analytics, Client

analytics = Analytics(Client("https://events.example.com", "WRITE_KEY"))

def create_report(report_id, template=None):
    analytics.report_created(report_id=report_id, template=template, user_id="u_1")
"""

FIXTURE = """
import pytest, app

@pytest.fixture(autouse=True)
def analytics(recorded_calls, monkeypatch):
    monkeypatch.setattr(app.analytics, "client", recorded_calls.analytics)
"""
