"""How a text is laid out on a page."""

from __future__ import annotations


def blocks(body: str) -> list[tuple[str, list[str]]]:
    """A body as `("p", lines)` and `("ul", points)`, in order. A blank line parts; “- ” begins a point.

    A point goes on over lines that begin with none, so that text wrapped by an e-mail program stays whole.
    """
    found: list[tuple[str, list[str]]] = []
    fresh = True
    for line in body.replace("\r\n", "\n").split("\n"):
        text = line.strip()
        if not text:
            fresh = True
        elif text.startswith("- "):
            if not found or found[-1][0] != "ul":
                found.append(("ul", []))
            found[-1][1].append(text[2:].strip())
            fresh = False
        elif fresh or not found:
            found.append(("p", [text]))
            fresh = False
        elif found[-1][0] == "ul":
            found[-1][1][-1] += f" {text}"
        else:
            found[-1][1].append(text)
    return found
