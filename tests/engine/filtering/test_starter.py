"""The starter lists: readable as they stand, without contradiction, and closed to nobody who looks for help."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from drystone.engine.filtering.categories import STARTER, load_categories
from drystone.engine.filtering.help import HELP_SITES, above, is_help
from drystone.engine.filtering.hosts import canonical_host
from drystone.engine.filtering.lists import ListReader, Report, find_folder

# Ship a test site and nothing else: a list of such places would be a guide to them. See decision 0002.
TEST_SITE_ONLY = {"illegal", "self_harm", "suicide", "extremism", "phishing"}
KEPT_CLEAR = (".sch.uk", ".ac.uk", ".gov.uk", ".nhs.uk", ".police.uk", ".mil", ".edu")


def lines(slug: str, file: str) -> list[str]:
    path = STARTER / slug / file
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


HOSTS = {slug: lines(slug, "domains") for slug in load_categories()}


@pytest.mark.parametrize("slug", load_categories())
def test_a_list_is_read_without_mending_or_leaving_out_a_line(slug: str) -> None:
    report = Report(slug)
    reader = ListReader(find_folder(STARTER, slug), report)
    read = [host for block in reader.hosts() for host in block]
    urls, expressions = list(reader.urls()), list(reader.expressions())
    assert (report.mended, report.skipped, report.warnings) == (0, 0, [])
    assert len(read) == len(HOSTS[slug])
    assert len(urls) == len(lines(slug, "urls"))
    for _, expression in expressions:
        re.compile(expression)


@pytest.mark.parametrize("slug", load_categories())
def test_every_host_is_canonical_sorted_and_covered_once(slug: str) -> None:
    hosts = HOSTS[slug]
    assert hosts == sorted(set(hosts))
    for host in hosts:
        assert canonical_host(host) == host
        assert not set(list(above(host))[1:]) & set(hosts), f"{host} is covered by another entry"


def test_no_site_is_in_two_categories() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for slug, hosts in HOSTS.items():
        for host in hosts:
            found[host].append(slug)
    assert {host: slugs for host, slugs in found.items() if len(slugs) > 1} == {}


def test_no_list_closes_a_site_of_help() -> None:
    """P13: help is always reachable; that the decision lets it through anyhow is no excuse for a wrong list."""
    listed = {host for hosts in HOSTS.values() for host in hosts}
    for help_site in HELP_SITES:
        assert not set(above(help_site)) & listed, help_site
    assert not [host for host in listed if is_help(host)]


def test_no_list_names_a_school_a_hospital_or_a_public_office() -> None:
    listed = {host for hosts in HOSTS.values() for host in hosts}
    assert not [host for host in listed if f".{host}".endswith(KEPT_CLEAR)]


@pytest.mark.parametrize("slug", load_categories())
def test_every_category_can_be_tried_at_a_reserved_name(slug: str) -> None:
    category = load_categories()[slug]
    assert category.try_host in HOSTS[slug]
    assert [host for host in HOSTS[slug] if host.endswith(".test")] == [category.try_host]


@pytest.mark.parametrize("slug", load_categories())
def test_every_category_has_well_known_sites_but_those_whose_list_would_be_a_guide(slug: str) -> None:
    real = len(HOSTS[slug]) - 1 + len(lines(slug, "urls"))
    assert real == 0 if slug in TEST_SITE_ONLY else real >= 14


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("bet365.com", "gambling"),
        ("pornhub.com", "pornography"),
        ("tiktok.com", "social_networks"),
        ("whatsapp.com", "chat"),
        ("roblox.com", "games"),
        ("youtube.com", "video_sharing"),
        ("nordvpn.com", "vpn"),
        ("dns.google", "doh"),
        ("cloudflare-ech.com", "proxies"),  # the outer name of every ECH hello there: a tunnel to any site behind it
        ("chatgpt.com", "ai_chat"),
        ("images.google.com", "image_search"),
    ],
)
def test_what_everybody_would_try_first_is_listed(host: str, slug: str) -> None:
    assert host in HOSTS[slug]


@pytest.mark.parametrize(
    "host",
    [
        "google.com", "www.google.co.uk", "bing.com", "duckduckgo.com", "kiddle.co", "wikipedia.org", "bbc.co.uk",
        "classroom.google.com", "docs.google.com", "education.minecraft.net", "microsoft.com", "office.com",
        "purplemash.com", "ttrockstars.com", "scratch.mit.edu", "education.lego.com", "khanacademy.org", "apple.com",
        "nationalgeographic.com", "twinkl.co.uk", "ecosia.org", "pixabay.com", "icloud.com", "github.com",
    ],
)  # fmt: skip
def test_what_lessons_need_is_in_no_list(host: str) -> None:
    for slug, hosts in HOSTS.items():
        assert not set(above(host)) & set(hosts), slug


def test_the_lists_are_part_of_the_package() -> None:
    names = {path.relative_to(STARTER).parts[-1] for path in Path(STARTER).rglob("*") if path.is_file()}
    assert names == {"domains", "urls", "expressions", "categories.yaml"}
