"""Exceptions of lists: of one list the most specific entry wins; other lists, and mandatory ones, stay closed."""

import pytest

from tests.engine.filtering.bundles import ask, make_bundle

LISTS = {
    "gambling": {
        "domains": "bet.example\nbad.good.bet.example\nboth.example\n",
        "exceptions": "good.bet.example\nboth.example\n",
    },
    "games": {"domains": "both.example\n"},
    "chat": {"domains": "chat.example\n", "urls": "good.bet.example/chat\n"},
    "iwf": {"domains": "abuse.example\n", "exceptions": "abuse.example\nx.abuse.example\n"},
}
RULES = ("{level: school, block: 'category:gambling'", "{level: school, block: 'category:games'")


@pytest.mark.parametrize(
    ("url", "category"),
    [
        ("http://bet.example/", "gambling"),
        ("http://www.bet.example/", "gambling"),
        ("http://good.bet.example/", ""),
        ("http://x.good.bet.example/", ""),
        ("http://bad.good.bet.example/", "gambling"),
        ("http://x.bad.good.bet.example/", "gambling"),
        ("http://both.example/", "games"),
        ("http://abuse.example/", "illegal"),
        ("http://x.abuse.example/", "illegal"),
    ],
)
def test_an_exception_opens_itself_and_what_nothing_below_it_names(tmp_path, url, category):
    bundle = make_bundle(tmp_path, *(rule.lstrip("{") for rule in RULES), lists=LISTS)
    decision = ask(bundle, url)
    assert (str(decision.action), decision.category) == ("block" if category else "allow", category)
