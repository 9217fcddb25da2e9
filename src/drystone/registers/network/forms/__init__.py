"""What people type, parsed at the door."""

from drystone.registers.network.forms.profiles import ProfileForm
from drystone.registers.network.forms.rules import RuleForm, RuleSearch, initial_of
from drystone.registers.network.forms.schedules import ScheduleForm

__all__ = ["ProfileForm", "RuleForm", "RuleSearch", "ScheduleForm", "initial_of"]
