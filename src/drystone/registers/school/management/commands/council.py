"""`drystone manage council`: who speaks for a council or trust, and which schools are its. On the command line only:
what is done here counts for every school of the authority, so no one school's head can do it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from drystone.registers.school.models import Person, Role, School
from drystone.registers.school.queries import holdings_on
from drystone.registers.school.services.accounts import give_first_time_code
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.people import give_role
from drystone.registers.school.services.schools import move_school

WHO = "the command line"


class Command(BaseCommand):
    help = "Give somebody the role of the council or trust, or move a school to another."

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True)
        give = ways.add_parser("give", help="Let a person set the rules of the authority for all its schools.")
        give.add_argument("school", help="The short name of the school that knows the person.")
        give.add_argument("email", help="The person's e-mail address.")
        letter = ways.add_parser(
            "letter", help="A new first-time code for a head teacher, or somebody of the council, who lost the letter."
        )
        letter.add_argument("school", help="The short name of the school.")
        letter.add_argument("email", help="Their e-mail address.")
        move = ways.add_parser("move", help="Move a school to another authority.")
        move.add_argument("school", help="The short name of the school.")
        move.add_argument("authority", help='The name of the council or trust; "" for none.')

    def handle(self, *_args: Any, **options: Any) -> None:
        school = School.objects.filter(slug=options["school"]).first()
        if school is None:
            known = ", ".join(School.objects.values_list("slug", flat=True)) or "none"
            raise CommandError(f"there is no school '{options['school']}'; there are: {known}")
        try:
            match options["way"]:
                case "give":
                    done = self._give(school, options["email"])
                case "letter":
                    done = self._letter(school, options["email"])
                case _:
                    done = self._move(school, options)
        except Refused as refusal:
            raise CommandError(f"{refusal}.") from None
        self.stdout.write(done)

    def _give(self, school: School, email: str) -> str:
        person = Person.objects.filter(school=school, email__iexact=email).first()
        if person is None:
            raise CommandError(f"nobody at {school.name} has the address {email}; add the person under People first")
        give_role(person=person, role=Role.COUNCIL, by=None, as_name=WHO, starts=timezone.localdate())
        return f"{person.name} sets the rules of {school.authority} from today."

    def _letter(self, school: School, email: str) -> str:
        today = timezone.localdate()
        known = [held.person for role in (Role.HEAD, Role.COUNCIL) for held in holdings_on(school, role, today)]
        person = next((person for person in known if person.email.lower() == email.lower()), None)
        if person is None:
            raise CommandError(
                f"no head teacher of {school.name}, and nobody of the council there, has the address {email}"
            )
        code = give_first_time_code(person=person, by=None, as_name=WHO)
        return f"{person.name} sets a password at /account/first-time/ with the code {code}, once, within 14 days."

    def _move(self, school: School, options: dict[str, Any]) -> str:
        move_school(school=school, authority=options["authority"].strip(), as_name=WHO)
        return f"{school.name} belongs to {school.authority or 'no council or trust'} now."
