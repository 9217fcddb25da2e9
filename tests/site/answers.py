"""The wizard's questions answered, as a browser sends them."""

from django.test import Client
from django.utils import timezone

from drystone.registers.school.terms import usual_year

PASSWORD = "three random words"
SCHOOL = {"name": "Fellside Primary School", "short_name": "Fellside", "own_sites": "https://www.fellside.example/x"}
HEAD = {"given_names": "Helen", "family_name": "Marsh", "email": "head@fellside.example"}
COORDINATOR = {"who": "other", "given_names": "Tom", "family_name": "Birkett", "email": "tom@fellside.example"}
SAFEGUARDING = {"who": "head"}
YOU = {
    "given_names": "Ada",
    "family_name": "Tyson",
    "email": "tech@fellside.example",
    "password": PASSWORD,
    "password_again": PASSWORD,
}


def terms() -> dict[str, str]:
    sent = {}
    for number, term in enumerate(usual_year(timezone.localdate()).terms):
        for part in ("starts", "ends", "half_term_starts", "half_term_ends"):
            day = getattr(term, part)
            sent |= {f"term{number}_{part}_{box}": str(getattr(day, box)) for box in ("day", "month", "year")}
    return sent


def zones(*rows: tuple[str, str, str], this_machine: bool = True) -> dict[str, str]:
    rows = rows or (("ICT suite", "ks2", "10.1.0.0/16"), ("Office", "staff", "10.2.0.0/16"))
    sent = {"zone-TOTAL_FORMS": str(len(rows)), "zone-INITIAL_FORMS": "0"}
    for number, (name, group, addresses) in enumerate(rows):
        sent |= {f"zone-{number}-name": name, f"zone-{number}-group": group, f"zone-{number}-addresses": addresses}
    return sent | ({"this_machine": "on"} if this_machine else {})


def answer_all(client: Client, **instead: dict[str, str]) -> None:
    """Every question up to the check page; each must lead to the next."""
    given = {
        "school": SCHOOL,
        "terms": terms(),
        "head": HEAD,
        "co-ordinator": COORDINATOR,
        "safeguarding": SAFEGUARDING,
        "you": YOU,
        "zones": zones(),
    } | {name.replace("_", "-"): answer for name, answer in instead.items()}
    for question, answer in given.items():
        response = client.post(f"/set-up/{question}/", answer)
        assert response.status_code == 302, (question, response.content.decode())
