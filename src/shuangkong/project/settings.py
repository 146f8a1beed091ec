"""Settings. Everything that differs between installations comes from ``SHUANGKONG_…`` variables or ``HOME/installation.json``.

``SHUANGKONG_MODE`` is ``demonstration`` (own database, every page marked 演示) or ``live``. The two never share a folder.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
MODE = os.environ.get("SHUANGKONG_MODE", "live")
DEMONSTRATION = MODE == "demonstration"
HOME = Path(os.environ.get("SHUANGKONG_HOME", ROOT / "var" / MODE))
HOME.mkdir(parents=True, exist_ok=True)
PACKS_DIR = Path(os.environ.get("SHUANGKONG_PACKS", ROOT / "packs"))
PACK = os.environ.get("SHUANGKONG_PACK", "chenzhou")
PACKS_BESIDE = [name for name in os.environ.get("SHUANGKONG_PACKS_BESIDE", "provinces-2020").split(",") if name]
NODE_MODULES = Path(os.environ.get("SHUANGKONG_NODE_MODULES", ROOT / "node_modules"))


def _secret_key() -> str:
    """The installation's own key, made once and kept readable by its owner only."""
    path = HOME / "secret.key"
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key


def _database(url: str) -> dict[str, object]:
    """A Django database entry from ``sqlite:///path`` or ``postgres://user:password@host:port/name`` (``?host=`` a socket's folder)."""
    parts = urlparse(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
            },
            "TEST": {"NAME": None},
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or parse_qs(parts.query).get("host", [""])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


SECRET_KEY = os.environ.get("SHUANGKONG_SECRET_KEY") or _secret_key()
DEBUG = False
ALLOWED_HOSTS = os.environ.get("SHUANGKONG_HOSTS", "127.0.0.1,localhost").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("SHUANGKONG_ORIGINS", "").split(",") if o]
DATABASES = {"default": _database(os.environ.get("SHUANGKONG_DATABASE", f"sqlite://{HOME / 'shuangkong.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "shuangkong.apps.ui",  # before allauth, whose templates it lays over
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "shuangkong.apps.audit",
    "shuangkong.apps.organisations",
    "shuangkong.apps.desk",
    "shuangkong.apps.plans",
    "shuangkong.apps.ledger",
    "shuangkong.apps.filing",
    "shuangkong.apps.monitoring",
    "shuangkong.apps.indicators",
    "shuangkong.apps.energy",
    "shuangkong.apps.cockpit",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "shuangkong.project.middleware.ContentSecurityMiddleware",
    "shuangkong.project.middleware.TextMiddleware",
    "shuangkong.project.api.problems.ApiProblemMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "shuangkong.project.middleware.ClockMiddleware",
    "shuangkong.project.middleware.ProblemMiddleware",
    "shuangkong.project.accounts.PasswordChangeMiddleware",
]

ROOT_URLCONF = "shuangkong.project.urls"
WSGI_APPLICATION = "shuangkong.project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "libraries": {"i18n": "shuangkong.apps.ui.i18n_tags"},
            "builtins": ["shuangkong.apps.ui.layout_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shuangkong.project.context.installation",
            ],
        },
    },
]

SILENCED_SYSTEM_CHECKS = ["templates.W003"]  # "i18n" is meant to be ours

AUTH_USER_MODEL = "organisations.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "shuangkong.project.accounts.ClosedAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {"login_failed": "5/5m/key,30/m/ip", "login": "60/m/ip"}
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("SHUANGKONG_HTTPS", "") == "1"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "shuangkong.apps.ui.views.csrf_failure"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文")]
LOCALE_PATHS = [PACKAGE / "project" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
_VENDOR = {
    "vendor/tabler": NODE_MODULES / "@tabler" / "core" / "dist",
    "vendor/echarts": NODE_MODULES / "echarts" / "dist",
    "vendor/htmx": NODE_MODULES / "htmx.org" / "dist",
}
STATICFILES_DIRS = [(prefix, path) for prefix, path in _VENDOR.items() if path.is_dir()]
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = HOME / "files"
ANCHORS = Path(os.environ.get("SHUANGKONG_ANCHORS", HOME / "anchors.log"))
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
UPLOAD_MAX_BYTES = 64 * 1024 * 1024

# Mail and webhooks of reminders. SHUANGKONG_SMTP is smtp://user:password@host:port, smtps:// (TLS from the start) or smtp+starttls://.
_SMTP = urlparse(os.environ.get("SHUANGKONG_SMTP", ""))
EMAIL_HOST = _SMTP.hostname or ""
EMAIL_PORT = _SMTP.port or {"smtps": 465, "smtp+starttls": 587}.get(_SMTP.scheme, 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_SMTP.username or ""), unquote(_SMTP.password or "")
EMAIL_USE_SSL, EMAIL_USE_TLS = _SMTP.scheme == "smtps", _SMTP.scheme == "smtp+starttls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("SHUANGKONG_MAIL_FROM", "shuangkong@localhost")
WEBHOOK_HOSTS = [
    host.strip()
    for host in os.environ.get("SHUANGKONG_WEBHOOK_HOSTS", "qyapi.weixin.qq.com,oapi.dingtalk.com").split(",")
    if host.strip()
]
SITE_ADDRESS = os.environ.get("SHUANGKONG_ADDRESS", "http://127.0.0.1:8000").rstrip("/")
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# The explicit lists: kinds of import, kinds of job, what is computed anew after a batch.
_LEDGER_KINDS = ("energy", "gdp", "growth", "electricity", "environment", "deduction", "key_units")
_ANNEX_KINDS = ("ACTIONS", "PLACES", "POLLUTANT_TONNES", "INDUSTRIES")
IMPORT_KINDS = [
    *(f"shuangkong.apps.ledger.imports.{name}.KIND" for name in _LEDGER_KINDS),
    *(f"shuangkong.apps.indicators.annexes.kinds.{name}" for name in _ANNEX_KINDS),
    "shuangkong.apps.monitoring.duty_import.KIND",
]
JOB_KINDS = {
    "import.check": "shuangkong.apps.desk.services.imports.run_check",
    "import.apply": "shuangkong.apps.desk.services.imports.run_apply",
    "import.undo": "shuangkong.apps.desk.services.imports.run_undo",
    "export": "shuangkong.apps.desk.services.exports.run_export",
    "recompute": "shuangkong.apps.energy.services.run_recompute",
    "filing.recompute": "shuangkong.apps.filing.posting.run_recompute",
    "forecast": "shuangkong.apps.indicators.forecast.services.run_forecast",
}
EXPORT_KINDS = {
    "indicator": "shuangkong.apps.indicators.exports.indicator",
    "indicators": "shuangkong.apps.indicators.exports.indicators",
    "annex": "shuangkong.apps.indicators.annexes.exports.annex",
    "environment": "shuangkong.apps.indicators.decomposition.exports.environment",
    "decomposition": "shuangkong.apps.indicators.decomposition.exports.decomposition",
    "targets": "shuangkong.apps.indicators.targets.exports.targets",
    "batches": "shuangkong.apps.ledger.exports.batches",
    "rows": "shuangkong.apps.ledger.exports.rows",
    "points": "shuangkong.apps.monitoring.exports.points",
    "readings": "shuangkong.apps.monitoring.exports.readings",
    "outages": "shuangkong.apps.monitoring.exports.outages",
    "coverage": "shuangkong.apps.monitoring.exports.coverage",
    "quality_findings": "shuangkong.apps.monitoring.exports.quality_findings",
}
# What looks at a filing before it is submitted: functions (filing, cells) -> findings.
FILING_FINDERS = ["shuangkong.apps.filing.checks.finder.find"]
LEDGER_AFTER_BATCH = ["shuangkong.apps.energy.services.recompute", "shuangkong.apps.indicators.forecast.services.ask"]
# What the worker does beside jobs, whenever there is something to do: functions (now) -> whether they did work.
WORKER_STEPS = [
    "shuangkong.apps.monitoring.services.collecting.step",
    "shuangkong.apps.monitoring.services.quality.step",
    "shuangkong.apps.monitoring.services.looking.step",
    "shuangkong.apps.filing.services.due.step",
    "shuangkong.apps.desk.services.reminders.step",
    "shuangkong.apps.energy.metered.step",
]
# What hangs on deadlines and is told when published holidays are entered.
AFTER_WORKDAYS = ["shuangkong.apps.filing.services.due.recount"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # A refused or missing page is its reader's matter; only faults of ours belong on the operator's terminal.
    "loggers": {"django.request": {"level": "ERROR"}},
}
