"""DRYSTONE_MAIL_URL: what it may say, and what is refused with what to write instead."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from drystone.site.mail import mail_settings


def test_without_a_server_mails_are_files(tmp_path):
    assert mail_settings("", tmp_path)["EMAIL_FILE_PATH"] == tmp_path


@pytest.mark.parametrize(
    ("url", "port", "starts_tls", "is_tls"),
    [
        ("smtp://mail.fellside.example", 587, True, False),
        ("smtp://mail.fellside.example:2525", 2525, True, False),
        ("smtps://mail.fellside.example", 465, False, True),
        ("smtp://localhost:25?tls=no", 25, False, False),
    ],
)
def test_the_connection_is_as_the_address_says(tmp_path, url, port, starts_tls, is_tls):
    found = mail_settings(url, tmp_path)
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, starts_tls, is_tls)
    assert found["EMAIL_TIMEOUT"] < 60, "a server that says nothing holds the worker up"


def test_a_name_may_be_an_address(tmp_path):
    found = mail_settings("smtp://drystone%40fellside.example:a%2Fb@mail.fellside.example", tmp_path)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("drystone@fellside.example", "a/b")


@pytest.mark.parametrize(
    "url",
    [
        "mail.fellside.example",
        "http://mail.fellside.example",
        "smtp://",
        "smtp://mail.fellside.example:port",
        "smtp://mail.fellside.example/inbox",
        "smtp://mail.fellside.example?tls=maybe",
        "smtps://mail.fellside.example?tls=no",
        "smtp://name:secret@mail.fellside.example?tls=no",
    ],
)
def test_what_cannot_be_meant_is_refused_and_no_password_is_repeated(tmp_path, url):
    with pytest.raises(ImproperlyConfigured, match="DRYSTONE_MAIL_URL") as refused:
        mail_settings(url, tmp_path)
    assert "secret" not in str(refused.value)
