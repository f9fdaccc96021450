"""Is the picture of a metric one that every browser can draw?"""

import xml.etree.ElementTree as ET
from base64 import b64decode

import pytest

from analytics_platform.snapshots.picture import BINS, markdown, svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("values", "sums"),
    [
        ([], []),
        ([5.0], [5.0]),
        ([1.0, 1.0], [0.0, 0.0]),
        ([-3.0, 2.5, 1e12], [-1.0, 2.0, 1e12]),
        ([0.1] * 999, [1.0] * 30),
    ],
)
def test_it_is_xml_with_a_bar_for_each_part_and_a_point_for_each_sum(values: list[float], sums: list[float]) -> None:
    """Whatever the numbers are: none, equal, negative, huge."""
    drawn = ET.fromstring(svg("mrr", values, sums))  # noqa: S314 - our own

    assert len(drawn.findall(f".//{SVG}rect")) == BINS
    assert len(drawn.findall(f".//{SVG}circle")) == len(sums)
    assert "nan" not in svg("mrr", values, sums)


def test_the_tallest_bar_is_where_most_values_are() -> None:
    """Here at the low end."""
    drawn = ET.fromstring(svg("mrr", [1.0] * 9 + [100.0], [109.0]))  # noqa: S314 - our own

    heights = [float(bar.get("height", 0)) for bar in drawn.findall(f".//{SVG}rect")]
    assert heights[0] == max(heights) > heights[-1] > 0
    assert sum(heights[1:-1]) == 0


def test_markdown_holds_the_whole_picture() -> None:
    """So that nothing is fetched."""
    head, _, encoded = markdown("mrr", [1.0], [1.0]).partition("base64,")

    assert head == "![mrr](data:image/svg+xml;"
    assert b64decode(encoded.removesuffix(")")).startswith(b"<svg ")
