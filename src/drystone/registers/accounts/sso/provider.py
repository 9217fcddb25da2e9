"""Any provider as OpenID Connect Core 1.0 has it, stricter than allauth's own: the issuer is pinned, every ID token's
signature is checked, a nonce binds it to this browser, and nothing in the address of our page changes what is asked."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from drystone.registers.accounts.sso.sources import Kind, Source

# Public keys only: never “none”, nor HMAC, whose key would be what everybody can read.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
CLOCKS_DIFFER = 30  # seconds
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of somebody, signed. `uid` is theirs for good; an address may pass to another person."""

    source: Source
    uid: str
    nonce: str
    address: str  # "" where none is told, or none that may be believed
    doubt: str  # why the address is not believed
    second_step: bool


class Door(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """One provider, as one request talks with it."""

    @property
    def source(self) -> Source:
        source: Source = self.get_provider().app.settings["source"]
        return source

    @property
    def openid_config(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0, 4.3: the issuer told is the one asked. Raises OAuth2Error, RequestException."""
        config = super().openid_config
        if not isinstance(config, dict) or str(config.get("issuer", "")).rstrip("/") != self.source.issuer:
            raise OAuth2Error(f"{self.source.issuer} says that it is another issuer")
        for name in ENDPOINTS:
            if urlsplit(str(config.get(name, ""))).scheme != "https" and not self.source.plain:
                raise OAuth2Error(f"the {name} of {self.source.issuer} is not an https address")
        return config

    def get_callback_url(self, request: HttpRequest, app: object) -> str:  # noqa: ARG002 - allauth's signature
        path = reverse("accounts:sign_in_back", kwargs={"provider_id": self.provider_id})
        url: str = build_absolute_uri(request, path)
        return url

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        try:
            claims = self._claims(kwargs["response"]["id_token"], app)
            address = self._address(claims, token)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise OAuth2Error(f"the ID token lacks something: {error!r}") from error
        login = self.get_provider().sociallogin_from_response(request, address | {"claims": claims})
        login.told = told(self.source, claims, address)
        return login

    def _claims(self, id_token: str, app: Any) -> dict[str, Any]:
        """OpenID Connect Core 1.0, 3.1.3.7, the signature too (allauth trusts the wire). Raises OAuth2Error."""
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key=self._key(jwt.get_unverified_header(id_token)),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise OAuth2Error(f"the ID token does not hold: {error}") from error
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != app.client_id:
            raise OAuth2Error("the ID token was made for another party")
        if not claims["sub"]:
            raise OAuth2Error("the ID token says nobody")
        return claims

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        """Core 10.1: by its `kid`; a provider with one key need not name it. Raises PyJWTError, RequestException."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = [key for key in jwt.PyJWKSet.from_dict(answer.json()).keys if key.public_key_use in (None, "sig")]
        if "kid" in header:
            keys = [key for key in keys if key.key_id == header["kid"]]
        if len(keys) != 1:
            raise OAuth2Error("the ID token is signed with a key that the provider does not publish")
        return keys[0]

    def _address(self, claims: dict[str, Any], token: Any) -> dict[str, Any]:
        """E-mail address and whether it is verified; from UserInfo where the token has none (Core 5.3.2: of the same
        `sub`, or it is not used)."""
        if "email" in claims or "userinfo_endpoint" not in self.openid_config:
            return claims
        info = self._fetch_user_info(token.token)
        if info.get("sub") != claims["sub"]:
            raise OAuth2Error("UserInfo is about somebody else")
        return {"email": info.get("email"), "email_verified": info.get("email_verified")}


class SchoolSignIn(OpenIDConnectProvider):  # type: ignore[misc]
    id = "school_sign_in"
    name = "School sign-in"
    oauth2_adapter_class = Door

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:  # noqa: ARG002 - allauth's signature
        return reverse("accounts:sign_in_with", kwargs={"provider_id": self.app.provider_id})

    def get_callback_url(self) -> str:
        return reverse("accounts:sign_in_back", kwargs={"provider_id": self.app.provider_id})

    def serialize(self) -> dict[str, Any]:
        """Between the first step and the second the sign-in waits in the session, by the name that finds it again."""
        waiting: dict[str, Any] = super().serialize()
        return waiting | {"id": self.app.provider_id}

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Only where to go afterwards is taken from the request: no scope, no process, no other parameter."""
        asked: dict[str, Any] = {"process": AuthProcess.LOGIN}
        if next_url := get_next_redirect_url(request):
            asked["next_url"] = next_url
        return asked

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(24)
        params = {"nonce": nonce}
        if self.app.settings["source"].kind is not Kind.OPENID:
            params["prompt"] = "select_account"  # staff share computers: nobody slips in as who sat there before
        answer: HttpResponseBase = super().redirect(request, process, auth_params=params, nonce=nonce, **kwargs)
        return answer

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Bound to the issuer: were the file to name another one day, its numbers would be other people's."""
        return uid_of(data["claims"]["iss"], data["claims"]["sub"])

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"email": data.get("email")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:  # noqa: ARG002
        return []  # allauth is to draw no conclusions from it: services/sso.py does

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"issuer": data["claims"]["iss"]}


def uid_of(issuer: str, subject: str) -> str:
    return hashlib.sha256(f"{issuer.rstrip('/')}\n{subject}".encode()).hexdigest()


def told(source: Source, claims: dict[str, Any], address: dict[str, Any]) -> Told:
    given = str(address.get("email") or "").strip().lower()
    doubt = _doubt(source, claims, address, given)
    amr = claims.get("amr")
    return Told(
        source=source,
        uid=uid_of(claims["iss"], claims["sub"]),
        nonce=str(claims.get("nonce") or ""),
        address="" if doubt else given,
        doubt=doubt,
        second_step=isinstance(amr, list) and "mfa" in amr,
    )


def _doubt(source: Source, claims: dict[str, Any], address: dict[str, Any], given: str) -> str:
    """Why the address is not believed; empty where it is."""
    if given.count("@") != 1:
        return "no e-mail address was told"
    domain = given.rpartition("@")[2]
    if domain not in source.domains:
        return f"{domain} is not a domain of the school"
    match source.kind:
        case Kind.MICROSOFT:
            return _microsoft_doubt(source, claims)
        case Kind.GOOGLE if str(claims.get("hd", "")).lower() != domain:
            # Google answers for an address for good only where its domain is the Workspace's own.
            return "the address is not of the school’s own Google Workspace"
    return "" if address.get("email_verified") is True else f"{source.name} has not checked the address"


def _microsoft_doubt(source: Source, claims: dict[str, Any]) -> str:
    """nOAuth: whoever runs any directory may write any address into it. So only the school's own directory is
    believed, only its members, and never an address whose domain the directory has not proved to be its own."""
    if str(claims.get("tid", "")).lower() != source.tenant:
        return "that is another organisation’s directory"
    if claims.get("acct") not in (None, 0, "0") or str(claims.get("idp", claims["iss"])) != claims["iss"]:
        return "that is a guest of the school’s directory"
    if "xms_edov" in claims and claims["xms_edov"] not in (True, 1, "1", "true"):
        return "Microsoft has not checked the address"
    return ""
