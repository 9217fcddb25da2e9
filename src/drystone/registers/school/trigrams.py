"""PostgreSQL's index of trigrams over names: it finds misspelt ones among many. Made with each migration where it is
missing, for a database's owner may allow the extension later; where it is refused, finding works without, and slower.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import Error, connection, transaction
from django.db.models import BooleanField, F, Func, Value

INDEX = "people_by_trigram"
ALIKE = 0.2  # of the trigrams of both words those that they share: “eavns” and “evans” have two of ten


def ensure_index(using: Any = connection) -> str:
    """Makes it where it can be. Why not, in a sentence; "" where it is there or the database is no PostgreSQL."""
    if using.vendor != "postgresql":
        return ""
    try:
        with transaction.atomic(using.alias), using.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {INDEX} ON school_person USING gin (search gin_trgm_ops)")
    except Error as error:
        return (
            f"PostgreSQL refused the extension pg_trgm ({str(error).splitlines()[0]}). People are found without it, "
            "only slower where there are tens of thousands. Ask whoever runs the database for CREATE EXTENSION "
            "pg_trgm, then start Drystone again"
        )
    finally:
        has_index.cache_clear()
    return ""


@cache
def has_index() -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_indexes WHERE schemaname = current_schema() AND indexname = %s", [INDEX])
        return cursor.fetchone() is not None


def has_word_like(word: str) -> Func:
    """`search %> word`: some word of it is spelt like this one. Needs `threshold` in the same transaction."""
    joined = {"template": "%(expressions)s", "arg_joiner": " %%> "}
    return Func(F("search"), Value(word), output_field=BooleanField(), **joined)


def threshold() -> None:
    """How like is alike, until the end of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL pg_trgm.word_similarity_threshold = {ALIKE}")
