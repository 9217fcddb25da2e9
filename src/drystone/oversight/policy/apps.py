from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "drystone.oversight.policy"
    label = "policy"
    verbose_name = "Policy"

    def ready(self) -> None:
        from drystone.oversight.policy import beside, council  # noqa: F401 - other floors ask them from now on
        from drystone.oversight.policy.services import renew_findings
        from drystone.registers.school.hooks import evidence_changed

        evidence_changed.connect(renew_findings, dispatch_uid="policy.renew_findings")
