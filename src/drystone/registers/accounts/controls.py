"""P45, P46: how the promises about accounts and passwords stand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from django.urls import reverse

from drystone.registers.accounts.queries import accounts_at_a_glance
from drystone.registers.accounts.services.reviews import term_of
from drystone.registers.school.controls import Control, Evidence, Finding, State, register
from drystone.registers.school.models import School
from drystone.registers.school.moments import day


@register
class OwnAccounts(Control):
    """P45: one person, one account, none shared; on the school's network and e-mail too; looked through each term."""

    key = "accounts.own_accounts"
    parameters: ClassVar = {"review_within": "Days into a term by which the accounts have been looked through"}

    def assess(self, school: School, on: date, **params: object) -> Finding:
        """`review_within`: days after the first of term by which the head has said yes or no to every account."""
        seen = accounts_at_a_glance(school, on)
        held = Evidence("Accounts on the school’s network and e-mail", reverse("accounts:held"))
        if seen.shared:
            sentence = f"{_accounts(seen.shared)} shared by several people, on the school’s network or e-mail."
            return Finding(State.BREACHED, sentence, 0, seen.shared, evidence=(held,))
        if not seen.recorded:
            sentence = "It is not on record who holds which account on the school’s network and e-mail."
            return Finding(State.NOT_RECORDED, sentence, 0, seen.adults, evidence=(held,))
        if seen.nobodys:
            sentence = f"{_accounts(seen.nobodys)} on record without anybody who holds it."
            return Finding(State.NOT_RECORDED, sentence, 0, seen.nobodys, evidence=(held,))
        if seen.lacking:
            sentence = (
                f"{seen.lacking} of {seen.adults} members of staff have no account of their own on record: "
                "on the network, or by e-mail."
            )
            return Finding(State.NOT_RECORDED, sentence, seen.adults - seen.lacking, seen.adults, evidence=(held,))
        if seen.to_close:
            sentence = f"{_accounts(seen.to_close)} still open on the school’s systems though nobody holds it any more."
            return Finding(State.BREACHED, sentence, 0, seen.to_close, evidence=(held,))
        return self._reviewed(school, on, seen.adults, int(str(params.get("review_within", 42))))

    def _reviewed(self, school: School, on: date, adults: int, within: int) -> Finding:
        link = Evidence("Reviews of accounts", reverse("accounts:reviews"))
        last = school.account_reviews.filter(finished_at__date__lte=on).order_by("-finished_at").first()
        own = f"Each of {adults} members of staff has accounts of their own, and none is shared"
        if last is None:
            sentence = f"{own}; but the head teacher has not looked through the accounts yet."
            return Finding(State.NOT_RECORDED, sentence, 0, 1, evidence=(link,))
        term = term_of(school, on)
        if term is None or last.term_starts >= term.starts:
            sentence = f"{own}. The head teacher looked through all accounts for {last.term_name}."
            return Finding(State.MET, sentence, adults, adults, evidence=(link,))
        due = term.starts + timedelta(days=within)
        sentence = f"{own}; the accounts were last looked through for {last.term_name}, and are to be again this term."
        return Finding(State.DUE if on <= due else State.BREACHED, sentence, 0, 1, due, (link,))


@register
class PasswordReminders(Control):
    """P46: a reminder a term, of the e-mail's password as of ours; never a forced change, for which there is no way."""

    key = "accounts.password_reminders"
    parameters: ClassVar = {"remind_within": "Days into a term by which the reminder has gone out"}

    def assess(self, school: School, on: date, **params: object) -> Finding:
        """`remind_within`: days after the first of term by which the reminder has gone out."""
        term = term_of(school, on)
        link = Evidence("Reminders about passwords", reverse("accounts:reminders"))
        if term is None:
            sentence = "No term has begun in the school’s calendar, so no reminder about passwords was due."
            return Finding(State.NOT_RECORDED, sentence, 0, 1, evidence=(link,))
        sent = school.password_reminders.filter(term_starts=term.starts, sent_at__date__lte=on).first()
        if sent is None:
            due = term.starts + timedelta(days=int(str(params.get("remind_within", 21))))
            sentence = f"No reminder about passwords has gone out in the term that began on {day(term.starts)}."
            return Finding(State.DUE if on <= due else State.BREACHED, sentence, 0, 1, due, (link,))
        everybody = sent.sent + sent.unsent
        if not sent.sent:
            sentence = f"The reminder of {day(sent.sent_at)} reached nobody: look at the mail settings and addresses."
            return Finding(State.BREACHED, sentence, 0, everybody, evidence=(link,))
        sentence = f"{sent.sent} of {everybody} people were reminded of their passwords on {day(sent.sent_at)}"
        if sent.unsent:
            sentence += f"; {sent.unsent} could not be reached: look at their addresses."
            return Finding(State.DUE, sentence, sent.sent, everybody, evidence=(link,))
        sentence += "; nobody is forced to change one."
        return Finding(State.MET, sentence, sent.sent, everybody, evidence=(link,))


def _accounts(count: int) -> str:
    return "1 account is" if count == 1 else f"{count} accounts are"
