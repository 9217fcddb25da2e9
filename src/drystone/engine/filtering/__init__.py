"""Lists, index, rules, schedules, bundles and the decision.

Names are imported when first asked for, so that a Squid helper, which needs a few of them, starts in a blink.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drystone.engine.filtering.bundle import Bundle as Bundle
    from drystone.engine.filtering.bundle import BundleError as BundleError
    from drystone.engine.filtering.bundle import Verdict as Verdict
    from drystone.engine.filtering.compile import Compiled as Compiled
    from drystone.engine.filtering.compile import compile_bundle as compile_bundle
    from drystone.engine.filtering.decision import decide as decide
    from drystone.engine.filtering.help import HELP_SITES as HELP_SITES
    from drystone.engine.filtering.hosts import HostError as HostError
    from drystone.engine.filtering.hosts import canonical_client as canonical_client
    from drystone.engine.filtering.hosts import canonical_host as canonical_host
    from drystone.engine.filtering.hosts import canonical_path as canonical_path
    from drystone.engine.filtering.hosts import parse_request as parse_request
    from drystone.engine.filtering.identity import person_key as person_key
    from drystone.engine.filtering.identity import sign_on_name as sign_on_name
    from drystone.engine.filtering.lists import ListError as ListError
    from drystone.engine.filtering.live import LiveFilter as LiveFilter
    from drystone.engine.filtering.overlay import Overlay as Overlay
    from drystone.engine.filtering.overlay import OverlayError as OverlayError
    from drystone.engine.filtering.overlay import Permit as Permit
    from drystone.engine.filtering.overlay import Session as Session
    from drystone.engine.filtering.overlay import SwitchedOff as SwitchedOff
    from drystone.engine.filtering.overlay import write_overlay as write_overlay
    from drystone.engine.filtering.request import Action as Action
    from drystone.engine.filtering.request import Decision as Decision
    from drystone.engine.filtering.request import Level as Level
    from drystone.engine.filtering.request import Request as Request
    from drystone.engine.filtering.rules import Rules as Rules
    from drystone.engine.filtering.rules import RulesError as RulesError
    from drystone.engine.filtering.rules import dump_rules as dump_rules
    from drystone.engine.filtering.rules import load_rules as load_rules
    from drystone.engine.filtering.rules import parse_rules as parse_rules
    from drystone.engine.filtering.selftest import SELF_TEST_HEADER as SELF_TEST_HEADER
    from drystone.engine.filtering.selftest import read_check as read_check
    from drystone.engine.filtering.selftest import sign_check as sign_check
    from drystone.engine.filtering.who import Profile as Profile

_HOMES = {
    "bundle": ("Bundle", "BundleError", "Verdict"),
    "compile": ("Compiled", "compile_bundle"),
    "decision": ("decide",),
    "help": ("HELP_SITES",),
    "hosts": ("HostError", "canonical_client", "canonical_host", "canonical_path", "parse_request"),
    "identity": ("person_key", "sign_on_name"),
    "lists": ("ListError",),
    "live": ("LiveFilter",),
    "overlay": ("Overlay", "OverlayError", "Permit", "Session", "SwitchedOff", "write_overlay"),
    "request": ("Action", "Decision", "Level", "Request"),
    "rules": ("Rules", "RulesError", "dump_rules", "load_rules", "parse_rules"),
    "selftest": ("SELF_TEST_HEADER", "read_check", "sign_check"),
    "who": ("Profile",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
