"""An Apple configuration profile that brings the school's certificate to an iPad (or an iPhone, or a Mac).

Keys as in Apple's "Device Management: TopLevel, CertificateRoot". Installed by hand it is not yet trusted for web
sites: the person switches that on. Installed by device management it is trusted at once.
"""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid5

from drystone.engine.certificates import PublicCertificate

IDENTIFIER = "org.drystone.web-filter"  # the same for ever: a newer profile takes the place of the one before
CONTENT_TYPE = "application/x-apple-aspen-config"


def mobileconfig(certificates: Sequence[PublicCertificate]) -> bytes:
    """The same certificates, the same bytes."""
    payloads = [_payload(certificate) for certificate in certificates]
    whole = " ".join(certificate.sha256 for certificate in certificates)
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": IDENTIFIER,
        "PayloadUUID": _uuid(whole),
        "PayloadDisplayName": "School web filter",
        "PayloadOrganization": "Drystone",
        "PayloadDescription": (
            "Lets the school's web filter show its page when a site is blocked. All other sites pass untouched."
        ),
        "PayloadScope": "System",
        "PayloadContent": payloads,
    }
    return plistlib.dumps(profile)


def _payload(certificate: PublicCertificate) -> dict[str, object]:
    return {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{IDENTIFIER}.{certificate.sha256[:11].replace(':', '').lower()}",
        "PayloadUUID": _uuid(certificate.sha256),
        "PayloadDisplayName": certificate.name,
        "PayloadCertificateFileName": "drystone.cer",
        "PayloadContent": certificate.der,
    }


def _uuid(text: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"{IDENTIFIER}:{text}")).upper()
