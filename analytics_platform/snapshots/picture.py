"""Draws a metric: how its values are distributed, and how its sum has changed."""

from base64 import b64encode
from collections.abc import Sequence

WIDTH, HEIGHT, GAP = 260, 90, 24  # pixels of each of the two halves
TITLE = 18  # pixels above them
BINS = 20
INK = "#4f43dd"


def markdown(name: str, values: Sequence[float], sums: Sequence[float]) -> str:
    """The picture as an image in markdown, whole within its address, as Dagster's UI shows it."""
    return f"![{name}](data:image/svg+xml;base64,{b64encode(svg(name, values, sums).encode()).decode()})"


def svg(name: str, values: Sequence[float], sums: Sequence[float]) -> str:
    """Bars for the values on the left, a line for the sums of the latest partitions on the right."""
    width = 2 * WIDTH + GAP
    least, most = (min(values), max(values)) if values else (0.0, 0.0)
    left = f"{name}: {len(values)} values from {least:,.6g} to {most:,.6g}"
    right = f"sum of the last {len(sums)}: {sums[-1]:,.10g}" if sums else "no sum yet"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT + TITLE}" '
        f'font-family="sans-serif" font-size="11" fill="{INK}">'
        f'<text x="0" y="12">{left}</text><text x="{WIDTH + GAP}" y="12">{right}</text>'
        f'<g transform="translate(0,{TITLE})">{_bars(_histogram(values))}</g>'
        f'<g transform="translate({WIDTH + GAP},{TITLE})">{_line(sums)}</g></svg>'
    )


def _histogram(values: Sequence[float]) -> list[int]:
    """How many values fall into each of BINS equal parts of their range."""
    counts = [0] * BINS
    if values:
        least, range_ = min(values), max(values) - min(values)
        for value in values:
            counts[min(int((value - least) / range_ * BINS), BINS - 1) if range_ else 0] += 1
    return counts


def _bars(counts: Sequence[int]) -> str:
    tallest, width = max(counts) or 1, WIDTH / len(counts)
    heights = [round(count / tallest * HEIGHT, 1) for count in counts]
    return "".join(
        f'<rect x="{place * width:.1f}" y="{HEIGHT - height:.1f}" width="{width - 1:.1f}" height="{height}"/>'
        for place, height in enumerate(heights)
    )


def _line(sums: Sequence[float]) -> str:
    """The sums from left to right, from nothing at the bottom to the greatest at the top."""
    floor, top = min(0.0, *sums, 0.0), max(0.0, *sums, 0.0)
    step, scale = WIDTH / max(len(sums) - 1, 1), (HEIGHT - 4) / ((top - floor) or 1)
    points = [
        (round(place * step, 1), round(HEIGHT - 2 - (each - floor) * scale, 1)) for place, each in enumerate(sums)
    ]
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2"/>' for x, y in points)
    path = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline fill="none" stroke="{INK}" points="{path}"/>{dots}'
