"""Lists, index, rules, schedules, bundles and the decision."""
