"""The hosts at which search engines answer with their safe mode locked on, without any decryption (FM12, P59).

Sources: Google "Lock SafeSearch" and its supported_domains, Bing "Block adult content", DuckDuckGo "Safe Search",
YouTube "Manage your organisation's YouTube settings", Ecosia and Pixabay for schools.
"""

from __future__ import annotations

GOOGLE = "forcesafesearch.google.com"
YOUTUBE = {"strict": "restrict.youtube.com", "moderate": "restrictmoderate.youtube.com"}

_GOOGLE_DOMAINS = """
    com ad ae com.af com.ag com.ai al am co.ao com.ar as at com.au az ba com.bd be bf bg com.bh bi bj com.bn com.bo
    com.br bs bt co.bw by com.bz ca cd cf cg ch ci co.ck cl cm cn com.co co.cr com.cu cv com.cy cz de dj dk dm com.do
    dz com.ec ee com.eg es com.et fi com.fj fm fr ga ge gg com.gh com.gi gl gm gp gr com.gt gy com.hk hn hr ht hu
    co.id ie co.il im co.in iq is it je com.jm jo co.jp co.ke com.kh ki kg co.kr com.kw kz la com.lb li lk co.ls lt lu
    lv com.ly co.ma md me mg mk ml com.mm mn com.mt mu mv mw com.mx com.my co.mz com.na com.ng com.ni ne nl no com.np
    nr nu co.nz com.om com.pa com.pe com.pg com.ph com.pk pl pn com.pr ps pt com.py com.qa ro ru rw com.sa com.sb sc
    se com.sg sh si sk com.sl sn so sm sr st com.sv td tg co.th com.tj tl tm tn to com.tr tt com.tw co.tz com.ua
    co.ug co.uk com.uy co.uz com.vc co.ve co.vi com.vn vu ws rs co.za co.zm co.zw cat vg ms
""".split()  # noqa: SIM905 - a line for every domain would be two hundred

_ENGINES = {
    "strict.bing.com": ("www.bing.com", "edgeservices.bing.com"),
    "safe.duckduckgo.com": ("duckduckgo.com", "www.duckduckgo.com", "start.duckduckgo.com"),
    "strict-safe-search.ecosia.org": ("www.ecosia.org",),
    "safesearch.pixabay.com": ("pixabay.com",),
}
_YOUTUBE_HOSTS = frozenset(
    {
        "www.youtube.com",
        "m.youtube.com",
        "youtubei.googleapis.com",
        "youtube.googleapis.com",
        "www.youtube-nocookie.com",
    }
)
SAFE_HOSTS: dict[str, str] = {f"www.google.{domain}": GOOGLE for domain in _GOOGLE_DOMAINS} | {
    host: safe for safe, hosts in _ENGINES.items() for host in hosts
}


def safe_host(host: str, youtube: str) -> str:
    """The host to connect to in place of `host`, or "" where it has none. `youtube`: strict, moderate or off."""
    if host in _YOUTUBE_HOSTS:
        return YOUTUBE.get(youtube, "")
    return SAFE_HOSTS.get(host, "")


ENGINES = frozenset({*SAFE_HOSTS, *_YOUTUBE_HOSTS})  # hosts that have a safe host, for one group or another
