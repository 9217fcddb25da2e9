"""Ending what somebody has open, wherever they are signed in."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from drystone.registers.school.models import User


def end_sessions(*, user: User, but: str = "") -> int:
    """Signs them out everywhere, except in the session with the key `but`. Gives how many ended.

    Sessions do not say outside whose they are, so each that still counts is opened: some thousands take well under a
    second, and this happens when somebody leaves or lost a phone, not on a page.
    """
    theirs = [
        session.session_key
        for session in Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=but).iterator()
        if session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=theirs).delete()
    return len(theirs)
