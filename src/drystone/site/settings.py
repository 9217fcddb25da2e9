"""Django settings. All state lies in the home folder; nothing here is a secret.

Environment: DRYSTONE_HOME (default ./var), DRYSTONE_DATABASE_URL (default SQLite in the home),
DRYSTONE_HOSTS (more host names the web answers to, comma-separated), DRYSTONE_HTTPS=1 (behind TLS),
DRYSTONE_MAIL_URL (the mail server; without one, mails are files in the home), DRYSTONE_MAIL_FROM (their sender),
DRYSTONE_SIGN_IN (the file of providers outside), DRYSTONE_DEBUG=1 (developers only). Each has its line in
docs/guide/technician-install.md.
"""

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from drystone.engine.home import Home
from drystone.site.keys import secret
from drystone.site.mail import mail_settings

HOME = Home(Path(os.environ.get("DRYSTONE_HOME", "var")).resolve())
REPOSITORY = Path(__file__).resolve().parents[3]

SECRET_KEY = secret(HOME.keys / "django.key").hex()
DEBUG = os.environ.get("DRYSTONE_DEBUG") == "1"
HTTPS = os.environ.get("DRYSTONE_HTTPS") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, os.environ.get("DRYSTONE_HOSTS", "").split(","))]
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS[3:]] if HTTPS else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "rules",
    "csp",
    "huey.contrib.djhuey",
    "drystone.registers.school",
    "drystone.registers.network",
    "drystone.registers.monitoring",
    "drystone.registers.unblock",
    "drystone.registers.signon",
    "drystone.registers.accounts",
    "drystone.registers.roll",
    "drystone.registers.documents",
    "drystone.oversight.policy",
    "drystone.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "drystone.registers.school.access.SchoolMiddleware",
    "drystone.registers.school.sizes.SizeMiddleware",
    "drystone.registers.accounts.middleware.IdleMiddleware",
    "drystone.registers.accounts.middleware.TwoStepMiddleware",
    "drystone.registers.school.access.DefaultDenyMiddleware",
    "drystone.site.setup.middleware.SetUpMiddleware",
]

ROOT_URLCONF = "drystone.site.urls"
WSGI_APPLICATION = "drystone.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "drystone.site.jinja.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "drystone.site.layout.context",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DRYSTONE_DATABASE_URL", f"sqlite:///{HOME.database}"), conn_max_age=600, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # WAL lets pages read while the worker writes; IMMEDIATE makes two writers wait for each other, not fail.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
# Registers never reach into gateways: what fetches lists is named here, as Django names its mail backend.
LISTS_BRINGER = "drystone.gateway.bring.bring"
LISTS_FROM_THIS_MACHINE = False  # whether a page may name an address of this very machine; the shell always may

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "school.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "drystone.registers.accounts.adapter.Adapter"
SOCIALACCOUNT_ADAPTER = "drystone.registers.accounts.sso.adapter.SocialAdapter"
SIGN_IN_FILE = Path(os.environ.get("DRYSTONE_SIGN_IN", HOME.root / "sign-in.yaml"))  # providers outside
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by the school, not by strangers
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {  # besides allauth's own for sign-in, passwords and codes
    "wrong_passwords": "40/10m/ip",  # of one address there may be a whole school; an account itself locks after 5
    "login_failed": "40/10m/ip,5/15m/key",  # codes of the second step
    "first_time": "100/10m/ip,5/15m/key",  # a staff meeting that opens its accounts
    "set_up_code": "5/10m/ip,20/h/key",
    "sign_in_link": "30/10m/ip,3/15m/key",
    "open_link": "100/10m/ip",  # a parents’ evening
    "internet_password": "10/h/key",  # chosen for one person
    "unblock": "60/10m/ip,6/h/key",  # a class behind one address; the key is the block page's ticket
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "drystone_cache"}}
CSRF_FAILURE_VIEW = "drystone.site.views.errors.csrf"
MFA_ADAPTER = "drystone.registers.accounts.adapter.TwoStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Drystone"
MFA_TOTP_TOLERANCE = 1  # a phone whose clock is half a minute off
globals().update(mail_settings(os.environ.get("DRYSTONE_MAIL_URL", ""), HOME.root / "mail-out"))
DEFAULT_FROM_EMAIL = os.environ.get("DRYSTONE_MAIL_FROM", "drystone@localhost")

# Behind a web server everybody comes from its address, and few wrong passwords would shut out the whole school.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("DRYSTONE_TRUSTED_PROXIES", "0"))

SESSION_COOKIE_AGE = 8 * 60 * 60  # a school day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STATICFILES_DIRS = [
    *(folder for folder in [REPOSITORY / "build" / "static"] if folder.is_dir()),
    ("blockpage", Path(__file__).parents[1] / "gateway" / "blockpage" / "pictures"),  # children know them from there
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = None

HUEY = {
    "huey_class": "huey.SqliteHuey",
    "name": "drystone",
    "filename": str(HOME.queue),
    "immediate": False,
    "results": False,
    "utc": True,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
