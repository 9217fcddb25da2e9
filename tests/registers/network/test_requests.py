"""What the register of requests asks of the filter: what a site is, what a permit would open, a rule to be drafted."""

import pytest
from django.utils import timezone

from drystone.engine.filtering.overlay import Permit
from drystone.registers.network.api import RuleRefused, draft_site_rule, publish_first, site_facts, would_open
from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.school.models import Authority
from drystone.registers.school.services.permission import NotAllowed


@pytest.fixture
def published(place):
    council = Authority.objects.create(name="Fellshire Council", slug="fellshire")
    place.school.authority = council
    place.school.save()
    add_rule(school=place.school, by=None, asked=NewRule(
        level=RuleLevel.GLOBAL, action=Rule.Action.BLOCK, target="site:locked.example", reason="council policy",
        locked=True,
    ))  # fmt: skip
    publish_first(place.school, place.head)
    return place


def permit(host):
    return Permit(id="new", host=host, since=timezone.now())


def test_a_site_is_told_by_the_lists_in_force_and_by_what_blocked_it(published):
    games = site_facts(published.school, "www.games.drystone.test")
    assert games.categories == (("games", "Games"),)
    assert (games.help, games.mandatory, games.sensitive) == (False, "", False)
    assert site_facts(published.school, "suicide.drystone.test").sensitive
    assert site_facts(published.school, "news.example", "suicide").sensitive
    assert site_facts(published.school, "news.example", "a_list_of_our_own").sensitive
    assert not site_facts(published.school, "news.example").sensitive
    assert site_facts(published.school, "illegal.drystone.test").mandatory == "Illegal material"


def test_help_and_the_schools_own_site_are_always_open(published):
    assert site_facts(published.school, "www.childline.org.uk").help
    assert site_facts(published.school, "pages.www.fellside.example").help


def test_before_anything_is_published_help_and_mandatory_are_known_all_the_same(place):
    assert site_facts(place.school, "childline.org.uk").help
    assert site_facts(place.school, "illegal.drystone.test").mandatory
    assert would_open(place.school, permit("games.drystone.test"), timezone.now()) == ()


def test_a_permit_is_tried_in_each_place_and_opens_no_locked_nor_mandatory_site(published):
    def opened(host):
        tried = would_open(published.school, permit(host), timezone.now())
        return {each.where for each in tried if each.before.blocked and not each.after.blocked}

    assert opened("games.drystone.test") == {"ICT suite (Key Stage 2)", "Infants’ rooms (Key Stage 1)"}
    assert opened("locked.example") == set()
    assert opened("illegal.drystone.test") == set()


def test_trying_leaves_nothing_behind(published):
    would_open(published.school, permit("games.drystone.test"), timezone.now())
    after = would_open(published.school, permit("nothing.example"), timezone.now())
    again = would_open(published.school, permit("games.drystone.test"), timezone.now())
    assert not any(each.before.blocked for each in after if "Infants" not in each.where)
    assert any(each.before.blocked for each in again)


def test_a_rule_is_drafted_by_those_who_may_and_never_for_a_mandatory_site(published):
    number, words = draft_site_rule(
        school=published.school, by=published.head, block=True, host="bad.example", reason="Frightening"
    )
    assert Rule.objects.get(pk=number).value == "bad.example"
    assert "bad.example" in words
    with pytest.raises(NotAllowed):
        draft_site_rule(school=published.school, by=published.teacher, block=True, host="x.example", reason="x")
    with pytest.raises(RuleRefused, match="Nobody can open it"):
        draft_site_rule(
            school=published.school, by=published.head, block=False, host="illegal.drystone.test", reason="x"
        )
