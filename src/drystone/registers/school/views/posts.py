"""Named posts: who holds each, and naming another."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from drystone.registers.school.access import needs
from drystone.registers.school.forms import attempt
from drystone.registers.school.forms.posts import form_for
from drystone.registers.school.models import Role
from drystone.registers.school.posts import BY_ROLE, posts_of
from drystone.registers.school.services.posts import fill_post
from drystone.registers.school.views import person_of, school_of


@needs("school.view_posts")
def posts(request: HttpRequest) -> HttpResponse:
    """P02, P19: holders with dates and how they are reached; a post that nobody holds stands out."""
    return render(request, "school/posts.html", {"posts": posts_of(school_of(request), timezone.localdate())})


@needs("school.change_roles")
def post(request: HttpRequest, slug: str) -> HttpResponse:
    school = school_of(request)
    if slug not in BY_ROLE:
        raise Http404("no such post")
    found = BY_ROLE[Role(slug)]
    form = form_for(found)(request.POST or None, school=school, initial={"starts": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        holder, starts, by = form.holder(), form.cleaned_data["starts"], person_of(request)
        if saved := attempt(
            form, lambda: fill_post(school=school, role=found.role, holder=holder, by=by, starts=starts)
        ):
            messages.success(request, f"{saved.person.name} is named: {found.role.label}.")
            return redirect("school:posts")
    held = next(held for held in posts_of(school, timezone.localdate()) if held.post is found)
    return render(request, "school/post.html", {"form": form, "held": held})
