"""What people type, parsed at the door."""

from drystone.registers.network.forms.profiles import ProfileForm
from drystone.registers.network.forms.rules import ExpressionForm, PasteForm, RuleForm, initial_of
from drystone.registers.network.forms.schedules import ScheduleForm
from drystone.registers.network.forms.search import RuleSearch

__all__ = ["ExpressionForm", "PasteForm", "ProfileForm", "RuleForm", "RuleSearch", "ScheduleForm", "initial_of"]
