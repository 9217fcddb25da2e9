"""Work of the network register in the background."""

from huey.contrib.djhuey import db_task

from drystone.registers.network.models import Publication
from drystone.registers.network.services.publishing import carry_out


@db_task()  # type: ignore[untyped-decorator]
def publish_now(number: int) -> None:
    carry_out(Publication.objects.select_related("school", "by").get(pk=number))
