"""Charts: numbers in, accessible SVG out, and nothing that a strict CSP would refuse."""

import re
from xml.etree import ElementTree

import pytest

from drystone.registers.school.charts import COLOURS, Series, lines, stacked_bars

SVG = "{http://www.w3.org/2000/svg}"
DAYS = ["Mon", "Tue", "Wed"]


def bars(series, labels=DAYS, **options):
    given = {"key": "blocks", "title": "Blocks", "description": "By day"} | options
    return stacked_bars(labels=labels, series=series, **given)


def test_a_chart_is_well_formed_and_says_what_it_is():
    root = ElementTree.fromstring(bars([Series("Games", (1, 2, 3))]))
    assert root.get("role") == "img"
    named = {element.get("id") for element in root.iter() if element.get("id")}
    assert set(root.get("aria-labelledby").split()) <= named
    assert root.find(f"{SVG}title").text == "Blocks"


@pytest.mark.parametrize("draw", [stacked_bars, lines])
def test_nothing_in_it_needs_an_inline_style_or_a_script(draw):
    text = draw(key="k", title="t", description="d", labels=DAYS, series=[Series("a", (1, 2, 3))])
    assert not re.search(r"style=|<style|<script|\bon[a-z]+=", text)


def test_a_hostile_name_is_text():
    text = bars([Series('</svg><script>alert("x")</script>', (1, 1, 1))], labels=["<b>", "&", '"'])
    assert "<script" not in text
    assert ElementTree.fromstring(text) is not None


def test_bars_are_as_high_as_their_values_and_stand_on_one_another():
    root = ElementTree.fromstring(bars([Series("a", (10, 0, 0)), Series("b", (20, 0, 0))], labels=DAYS))
    boxes = [box for box in root.iter(f"{SVG}rect") if box.find(f"{SVG}title") is not None]
    low, high = (float(box.get("height")) for box in boxes)
    assert high == pytest.approx(2 * low, rel=0.01)
    assert float(boxes[1].get("y")) + high == pytest.approx(float(boxes[0].get("y")), abs=0.2)


def test_every_series_has_a_pattern_of_its_own_and_its_name_in_the_legend():
    names = [f"Category {number}" for number in range(8)]
    text = bars([Series(name, (1, 1, 1)) for name in names])
    patterns = re.findall(r"<pattern[^>]*>(.*?)</pattern>", text)
    assert len({re.sub("#[0-9a-f]{6}", "", pattern) for pattern in patterns}) == len(COLOURS)
    assert all(text.count(f">{name}</text>") == 1 for name in names)


@pytest.mark.parametrize(
    ("most", "top"), [(0, "1"), (1, "1"), (7, "8"), (99, "100"), (1234, "1,500"), (5_000_001, "6,000,000")]
)
def test_the_scale_ends_at_a_round_number(most, top):
    assert f">{top}</text>" in bars([Series("a", (most, 0, 0))])


def test_an_empty_chart_is_still_a_chart():
    assert ElementTree.fromstring(bars([], labels=[])) is not None


@pytest.mark.parametrize(
    "series", [[Series("a", (1,))], [Series("a", (-1, 0, 0))], [Series(str(n), (1, 1, 1)) for n in range(9)]]
)
def test_numbers_that_cannot_be_drawn_are_refused(series):
    with pytest.raises(ValueError, match=r"."):
        bars(series)


def test_a_line_has_a_point_for_each_label():
    root = ElementTree.fromstring(
        lines(key="k", title="t", description="d", labels=DAYS, series=[Series("a", (1, 2, 3))])
    )
    assert len(root.find(f"{SVG}polyline").get("points").split()) == 3
    assert len(root.findall(f"{SVG}circle")) == 3
