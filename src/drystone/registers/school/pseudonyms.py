"""The house's key for people's pseudonyms: what turns a sign-on name into the key that bundles and events have."""

from __future__ import annotations

from django.conf import settings

from drystone.engine.filtering.bundle import BundleError


def person_secret() -> bytes:
    """Made at start (site.boot); raises BundleError without it, for then nobody could be told from another."""
    try:
        return bytes(settings.HOME.person_key.read_bytes())
    except OSError as error:
        raise BundleError(
            f"{settings.HOME.person_key}: cannot be read ({error.strerror}); start Drystone once"
        ) from error
