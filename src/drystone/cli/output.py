"""How every command answers: plain lines for people, JSON for programs, one line for a failure."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn


def fail(message: str, code: int = 1) -> NoReturn:
    """One line that says what went wrong and what to do; 1 the work failed, 2 wrong usage."""
    print(f"drystone: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(code)


def emit_json(value: Any) -> None:
    """One JSON value on one line: other programs read it line by line."""
    print(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str), flush=True)
