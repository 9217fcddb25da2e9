"""Makes a browser trust a certificate, as a school's management does: in NSS's own database below a home folder.

    python tests/browser/nss.py HOME CERTIFICATE.der…

Through the library that Chromium itself loads, so no package beside the browser is needed. A process of its own:
NSS may be opened once a process. Chromium reads `HOME/.pki/nssdb` and verifies as ever; nothing is ignored.
"""

import sys
from ctypes import CDLL, Structure, byref, c_char_p, c_int, c_uint, c_ulong, c_void_p
from pathlib import Path


class Item(Structure):
    _fields_ = (("type", c_int), ("data", c_char_p), ("len", c_uint))


class Trust(Structure):
    _fields_ = (("ssl", c_uint), ("email", c_uint), ("objects", c_uint))


def trust(home: Path, certificates: list[Path]) -> None:
    folder = home / ".pki" / "nssdb"
    folder.mkdir(parents=True, exist_ok=True)
    nss = CDLL("libnss3.so")
    for name in ("PK11_GetInternalKeySlot", "CERT_GetDefaultCertDB", "CERT_NewTempCertificate"):
        getattr(nss, name).restype = c_void_p

    def done(status: int, what: str) -> None:
        if status:
            raise SystemExit(f"NSS could not {what} (error {nss.PORT_GetError()})")

    done(nss.NSS_InitReadWrite(f"sql:{folder}".encode()), "open its database")
    slot, database = c_void_p(nss.PK11_GetInternalKeySlot()), c_void_p(nss.CERT_GetDefaultCertDB())
    done(nss.PK11_InitPin(slot, None, b""), "make its database")
    for path in certificates:
        der = path.read_bytes()
        item = Item(0, der, len(der))
        certificate = c_void_p(nss.CERT_NewTempCertificate(database, byref(item), None, 0, 1))
        done(not certificate.value, f"read {path}")
        done(nss.PK11_ImportCert(slot, certificate, c_ulong(0), path.name.encode(), 0), f"take {path}")
        flags = Trust()
        done(nss.CERT_DecodeTrustString(byref(flags), b"C,,"), "read the flags")  # an authority for web servers
        done(nss.CERT_ChangeCertTrust(database, certificate, byref(flags)), f"trust {path}")
        nss.CERT_DestroyCertificate(certificate)
    nss.PK11_FreeSlot(slot)
    done(nss.NSS_Shutdown(), "close its database")


if __name__ == "__main__":
    trust(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
