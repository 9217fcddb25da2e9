"""What came and what went: exactly the difference of what two editions filter."""

import resource
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.engine.filtering.compare import compare, read_differences

LABELS = st.sampled_from(["a.example", "b.example", "x.a.example", "A.example", "*.b.example", "c.example/p", "# c"])


def lists(root: Path, **folders: dict[str, list[str]]) -> Path:
    for name, files in folders.items():
        (root / name).mkdir(parents=True)
        for file, lines in files.items():
            (root / name / file).write_text("".join(f"{line}\n" for line in lines))
    root.mkdir(exist_ok=True)
    return root


def said(out: Path, **wanted: str) -> list[tuple[str, str, str]]:
    return [(each.folder, each.kind, each.entry) for each in read_differences(out, **wanted)]


def test_every_kind_of_entry_is_compared_as_it_filters(tmp_path):
    one = lists(
        tmp_path / "one",
        gambling={
            "domains": ["bet.example", "*.Lotto.example"],
            "urls": ["news.example/odds"],
            "expressions": ["casino"],
        },
        gone={"domains": ["gone.example"]},
        same={"domains": ["same.example"]},
    )
    two = lists(
        tmp_path / "two",
        gambling={
            "domains": ["lotto.example", "new.example"],
            "urls": ["http://news.example/odds/"],
            "exceptions": ["good.new.example"],
        },
        same={"domains": ["same.example"]},
    )
    counts = compare(one, two, tmp_path / "out")
    assert counts == {"gambling": (2, 2), "gone": (0, 1)}
    assert said(tmp_path / "out") == [
        ("gambling", "came", "new.example"),
        ("gambling", "came", "not good.new.example"),
        ("gambling", "went", "bet.example"),
        ("gambling", "went", "expression casino"),
        ("gone", "went", "gone.example"),
    ]
    assert said(tmp_path / "out", text="GOOD") == [("gambling", "came", "not good.new.example")]
    assert said(tmp_path / "out", kind="went", folder="gone") == [("gone", "went", "gone.example")]


@settings(max_examples=40, deadline=None)
@given(old=st.lists(LABELS), new=st.lists(LABELS))
def test_it_is_the_difference_of_two_sets(old, new):
    def meant(lines: list[str]) -> set[str]:
        return {line.lower().removeprefix("*.") for line in lines if not line.startswith("#")}

    with TemporaryDirectory() as folder:
        root = Path(folder)
        counts = compare(lists(root / "one", x={"domains": old}), lists(root / "two", x={"domains": new}), root / "out")
        came, went = meant(new) - meant(old), meant(old) - meant(new)
        assert counts.get("x", (0, 0)) == (len(came), len(went))
        assert {entry for _, kind, entry in said(root / "out") if kind == "came"} == came
        assert {entry for _, kind, entry in said(root / "out") if kind == "went"} == went


def test_hundreds_of_thousands_are_compared_in_little_memory(tmp_path):
    for name, first in (("one", 0), ("two", 1000)):
        (tmp_path / name / "big").mkdir(parents=True)
        with (tmp_path / name / "big/domains").open("w") as file:
            file.writelines(f"site{number}.example\n" for number in range(first, first + 200_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert compare(tmp_path / "one", tmp_path / "two", tmp_path / "out") == {"big": (1000, 1000)}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000, "kilobytes"
    assert next(read_differences(tmp_path / "out", kind="went")).entry == "site0.example"
