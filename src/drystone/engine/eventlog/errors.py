"""What can go wrong with the lake, apart from the libraries that read it: who only names it need not load them."""

from __future__ import annotations


class LakeError(Exception):
    """The lake cannot be read or written as it stands; the message says what to do."""
