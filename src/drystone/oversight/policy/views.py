"""Pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from drystone.registers.school.access import needs


@needs("policy.view_board")
def board(request: HttpRequest) -> HttpResponse:
    return render(request, "policy/board.html")
