from django.apps import AppConfig


class NetworkConfig(AppConfig):
    name = "drystone.registers.network"
    label = "network"
    verbose_name = "Network"

    def ready(self) -> None:
        from drystone.registers.network.overlay import take_up
        from drystone.registers.network.services.places import let_go
        from drystone.registers.school.hooks import filter_inputs_changed, overlay_inputs_changed, place_goes

        overlay_inputs_changed.connect(take_up, dispatch_uid="network.overlay")
        filter_inputs_changed.connect(take_up, dispatch_uid="network.overlay")  # a sign-on name, a class, a role
        place_goes.connect(let_go, dispatch_uid="network.rules")
