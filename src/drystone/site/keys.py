"""Secrets of the house: made once, 32 random bytes a file, readable by their owner only."""

import os
import secrets
from pathlib import Path


def secret(path: Path) -> bytes:
    """The secret in `path`, made when it is not there. Two processes that start at once get the same one."""
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
    try:
        os.link(beside, path)  # fails when another process was first; never replaces its key
    except FileExistsError:
        pass
    finally:
        beside.unlink()
    return _read(path)


def _read(path: Path) -> bytes:
    value = path.read_bytes()
    if len(value) != 32:
        raise ValueError(f"{path}: a key of 32 bytes was expected, {len(value)} found; restore it from a backup")
    return value
