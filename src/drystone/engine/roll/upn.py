"""The unique pupil number: what a right one looks like (DfE, *Unique pupil numbers: a guide*, annex on its make-up)."""

from __future__ import annotations

import re

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"  # without I, O and S, which are read as 1, 0 and 5
SHAPE = re.compile(rf"[{LETTERS}][0-9]{{11}}[0-9{LETTERS}]")
SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?E\+?[0-9]{1,3}", re.IGNORECASE)


def check_letter(rest: str) -> str:
    """The letter that the twelve characters after it ask for: their values times 2 to 13, modulo 23."""
    values = (int(char) if char.isdigit() else LETTERS.index(char) for char in rest)
    return LETTERS[sum(weight * value for weight, value in enumerate(values, start=2)) % 23]


def upn_fault(upn: str) -> tuple[str, str] | None:
    """What is wrong with it and what to do, or None. Spaces around and small letters are the caller's to mend."""
    if SCIENTIFIC.fullmatch(upn):
        return (
            f"Excel has made the number {upn} of the UPN, and its digits are lost",
            "Export again and do not save the file in Excel, or give the column the format Text before the numbers",
        )
    if not SHAPE.fullmatch(upn):
        return f"“{upn}” is not a UPN: a letter, then 12 digits (the last may be a letter)", CORRECT
    if upn[0] != (right := check_letter(upn[1:])):
        return f"The UPN {upn} has the wrong check letter: its digits ask for {right}", CORRECT
    return None


CORRECT = "Correct it in the school’s database and export again; a pupil without a UPN may have an empty one"
