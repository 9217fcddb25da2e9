"""Pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from drystone.registers.school.access import needs


@needs("monitoring.view_traffic")
def traffic(request: HttpRequest) -> HttpResponse:
    return render(request, "monitoring/traffic.html")
