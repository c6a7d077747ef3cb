"""What is a secret or personal: the rules of redaction, as data.

A pattern's first group is what stays before the secret, the next one that matched is the secret, and what follows
stays. `check` is asked how many characters of the secret really are one (0: none). Patterns ignore case unless they say
`(?-i)`. An earlier rule names the kind where several agree.
"""

from base64 import b64decode
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from rca_core.diagnosis.matching import Pattern

# What a rule asks: the secret, up to 40 characters before it and 2 after it -> how many characters are secret.
Check = Callable[[str, str, str], int]


class Rule(NamedTuple):
    """One shape of secret and the kind that its placeholder names."""

    kind: str
    pattern: Pattern
    check: Check | None = None


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Values that stand for a secret without being one.
_WORDS = _set(
    "absent bad bearer blank bool boolean bytes changed correct default denied disabled empty enabled error expired "
    "failed false found hidden incorrect invalid is kerberos masked mismatch missing must n/a na needed nil no none "
    "not null object ok optional or provided redacted rejected removed required revoked securestring set str string "
    "the true undefined unknown unset unsupported update wrong yes your"
)
_TEMPLATES = (
    "{{",
    "${",
    "$(",
    "%(",
    "%s",
    "<",
    "@{",
    "@microsoft.keyvault",
    "@pipeline",
    "@linkedservice",
    "@activity",
)
_OF_MASKS = frozenset("x*.-#•…[]")


def harmless(value: str) -> bool:
    """Whether what stands where a secret would is a blank, a mask, a template or a word of prose."""
    low = value.strip().lower()
    if low in _WORDS or low.startswith(_TEMPLATES):
        return True
    characters = set(low)
    return len(characters) < 2 or characters <= _OF_MASKS


def looks_random(value: str) -> bool:
    """Whether a value has the mix of a generated secret: no word, name or GUID has it."""
    digits = sum(character.isdigit() for character in value)
    if len(value) < 16 or digits < 3 or value.count("-") == 4:
        return False
    mixed = value.lower() != value and value.upper() != value
    return mixed or (len(value) >= 32 and set(value.lower()) <= set("0123456789abcdef"))


# Names ----------------------------------------------------------------------------------------------------------------

# How a name ends that holds a secret, without its separators, and the kind. Longer endings first.
_ENDINGS = (
    ("sharedaccesskey", "SHARED_ACCESS_KEY"),
    ("secretaccesskey", "AWS_SECRET_KEY"),
    ("secretkey", "SECRET_KEY"),
    ("accountkey", "ACCOUNT_KEY"),
    ("storagekey", "ACCOUNT_KEY"),
    ("subscriptionkey", "API_KEY"),
    ("functionskey", "FUNCTION_KEY"),
    ("functionkey", "FUNCTION_KEY"),
    ("privatekey", "PRIVATE_KEY"),
    ("accesskey", "ACCESS_KEY"),
    ("masterkey", "MASTER_KEY"),
    ("signingkey", "SIGNING_KEY"),
    ("fernetkey", "FERNET_KEY"),
    ("apikey", "API_KEY"),
    ("clientsecret", "CLIENT_SECRET"),
    ("secret", "SECRET"),
    ("password", "PASSWORD"),
    ("passphrase", "PASSWORD"),
    ("passwd", "PASSWORD"),
    ("dbpass", "PASSWORD"),
    ("pwd", "PASSWORD"),
    ("sastoken", "SAS"),
    ("authorization", "AUTHORIZATION"),
    ("token", "TOKEN"),
)
# Names that are secret only as whole words: they end other words as well.
_WHOLE = {"sas": "SAS", "sig": "SAS", "pass": "PASSWORD", "pat": "TOKEN"}
# What stands before "token" where it is a place in a list or a word of a grammar.
_TOKEN_OF_LISTS = _set(
    "bos continuation cursor current eos end error expected first idempotency input invalid last mask max min next "
    "of pad page pagination parse previous special start stop sync syntax unexpected unk"
)
# Spark's names carry the account at the end (hadoop-azure documentation, "Azure Blob File System").
_SPARK = ((".account.key", "ACCOUNT_KEY"), (".client.secret", "CLIENT_SECRET"), (".sas.", "SAS"))


@lru_cache(maxsize=4096)
def secret_kind(name: str) -> str | None:
    """The kind of secret that a key, parameter or column of this name holds; `None` for every other name."""
    low = name.lower()
    if "fs.azure." in low:
        for part, kind in _SPARK:
            if part in low and not low.endswith((".type", ".id", ".endpoint")):
                return kind
    words = _words(name)
    if not words:
        return None
    if words[-1] in _WHOLE:
        return _WHOLE[words[-1]]
    squashed = "".join(words)
    for ending, kind in _ENDINGS:
        if squashed.endswith(ending):
            before = words[-2] if words[-1] == "token" and len(words) > 1 else squashed[: -len(ending)]
            return None if (ending == "token" and before in _TOKEN_OF_LISTS) or squashed == "oldpwd" else kind
    return None


def is_grammar(before: str) -> bool:
    """Whether a parser speaks of a token: `unexpected token: 'SELECT_1'`."""
    last = before.rstrip().rpartition(" ")[2].strip("(['\":").lower()
    return last in _TOKEN_OF_LISTS


def _words(name: str) -> list[str]:
    """`apiKey2`, `api-key`, `API_KEY` -> `["api", "key"]`; digits at the end do not count."""
    words = [""]
    lower_before = False
    for character in name.rstrip("0123456789"):
        if not character.isalnum():
            words.append("")
        elif character.isupper() and lower_before:
            words.append(character)
        else:
            words[-1] += character
        lower_before = character.islower() or character.isdigit()
    return [word.lower() for word in words if word]


_PERSONAL = _set(
    "ssn email mail phone mobile telephone fax iban bic card pan birth birthdate birthday born dob address street city "
    "surname lastname firstname fullname maidenname passport taxid nationalid nino bsn personnummer cpf nif gender "
    "salary postcode zipcode"
)
_OF_PERSONS = _set("first last full given family middle maiden customer person patient employee contact")


def _personal(columns: str) -> bool:
    """Whether a column of this list holds what is personal, going by its name."""
    for column in columns.split(","):
        words = _words(column.strip().strip("\"'`[]"))
        if not words or {"ip", "mac"} & set(words):
            continue
        named = words[-1] == "name" and (len(words) == 1 or words[-2] in _OF_PERSONS)
        if (
            named
            or "".join(words) in _PERSONAL
            or _PERSONAL & set(words)
            or words[-2:] in (["tax", "id"], ["national", "id"])
        ):
            return True
    return False


# Checks ---------------------------------------------------------------------------------------------------------------


def _has_digit(secret: str, _before: str, _after: str) -> int:
    """A token, not a word such as in `Bearer authentication` or `Bearer error="..."` (RFC 6750)."""
    return len(secret) if any(character.isdigit() for character in secret) and not harmless(secret) else 0


def _basic(secret: str, _before: str, _after: str) -> int:
    """`user:password` in base64 (RFC 7617)."""
    try:
        plain = b64decode(secret + "=" * (-len(secret) % 4), validate=True)
    except ValueError:
        return 0
    return len(secret) if b":" in plain else 0


def _url_password(secret: str, _before: str, _after: str) -> int:
    port = secret.split("/", 1)[0]
    return 0 if harmless(secret) or ("/" in secret and (port.isdigit() or not port)) else len(secret)


def _value(secret: str, _before: str, _after: str) -> int:
    return 0 if harmless(secret) else len(secret)


_STORAGE = (".windows.net", ".usgovcloudapi.net", ".chinacloudapi.cn", ".fabric.microsoft.com")
_FILES = _set("csv gif jar jpeg jpg js json parquet png service socket sql svg webp internal")


def _email(secret: str, before: str, after: str) -> int:
    """An address; not the container of a lake path, the user of a URL or ssh remote, a file or a Celery worker."""
    user, _, host = secret.replace("%40", "@").rpartition("@")
    host = host.lower()
    if (
        before.lower().endswith(("://", "%3a%2f%2f"))
        or after in (":/", ":~")
        or (user.lower() == "git" and after[:1] == ":")
    ):
        return 0
    if host.endswith(_STORAGE) or user.lower() == "celery" or host.rsplit(".", 1)[-1] in _FILES:
        return 0
    return len(secret)


# First digits and lengths of the card schemes (ISO/IEC 7812).
_CARDS = {"4": (13, 16, 19), "5": (16,), "2": (16,), "6": (16,), "34": (15,), "37": (15,), "35": (16,), "36": (14,)}
_ID_WORDS = (
    "id",
    "run",
    "job",
    "workspace",
    "cluster",
    "task",
    "attempt",
    "org",
    "version",
    "time",
    "offset",
    "o=",
    "adb",
)


def _card(secret: str, before: str, _after: str) -> int:
    """A card number: scheme, length and Luhn's sum hold; unseparated digits must not be called an id."""
    digits = [int(character) for character in secret if character.isdigit()]
    plain = "".join(map(str, digits))
    if len(digits) not in _CARDS.get(plain[:2], ()) + _CARDS.get(plain[:1], ()) or len(set(digits)) < 2:
        return 0
    doubled = [sum(divmod(digit * 2, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    if sum(doubled) % 10:
        return 0
    near = before[-24:].lower()
    called_id = len(plain) == len(secret) and (near[-1:] in tuple("=/#-_.") or any(word in near for word in _ID_WORDS))
    return 0 if called_id and "card" not in near else len(secret)


# Countries and lengths (SWIFT IBAN registry).
_IBANS = {
    entry[:2]: int(entry[2:])
    for entry in _set(
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
        "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
        "LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 "
        "SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    )
}


def _iban(secret: str, _before: str, _after: str) -> int:
    """An IBAN of its country's length whose checksum holds (ISO 13616)."""
    length = _IBANS.get(secret[:2], 0)
    end = taken = 0
    while end < len(secret) and taken < length:
        taken += secret[end] != " "
        end += 1
    plain = secret[:end].replace(" ", "")
    if not length or taken < length or secret[end : end + 1].isalnum():
        return 0
    return end if int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1 else 0


def _row(secret: str, before: str, _after: str) -> int:
    """The values of `Key (columns)=(values)`."""
    columns = before.rsplit("(", 2)[-2].split(")")[0] if before.count("(") >= 2 else ""
    return len(secret) if _personal(columns) else 0


# Rules ----------------------------------------------------------------------------------------------------------------

# Base64 as it stands in text, in URLs, in URLs within URLs and in JSON that was not decoded.
_B64 = r"(?:[A-Za-z0-9+/=_-]|%(?:25){0,2}(?:2B|2F|3D)|\\+u00(?:2B|2F|3D)|\\+/)"
_EQ = r"(?:=|%(?:25){0,2}3D|\\+u003D)"
_PARAM = r"(?:\b|_|%(?:25){0,2}(?:26|3F|3B)|\\+u0026)"
_SCHEME = r"\b[a-z][a-z0-9+.-]{0,40}"
_PEM = r"[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
_BREAK = r"(?:\s|\\+[nr])"


def _rule(kind: str, source: str, check: Check | None = None) -> Rule:
    return Rule(kind, Pattern(source), check)


RULES: tuple[Rule, ...] = (
    # RFC 7468; whole, and cut off before its end.
    _rule("PRIVATE_KEY", rf"()(-----BEGIN {_PEM}(?:[^-]|-{{1,4}}[^-])*-----END {_PEM})"),
    _rule("PRIVATE_KEY", rf"()(-----BEGIN {_PEM}(?:{_BREAK}*[A-Za-z0-9+/=]{{20,}})+)"),
    # Azure Storage, Cosmos DB: "Configure connection strings"; the bare form is 64 bytes in base64, no SRI hash.
    _rule("ACCOUNT_KEY", rf"(AccountKey\s?{_EQ}\s?)({_B64}{{16,}})"),
    _rule("ACCOUNT_KEY", r"((?:^|[^A-Za-z0-9+/=-]))([A-Za-z0-9+/]{86}==)"),
    _rule("ACCOUNT_KEY", rf"(fs\.azure\.account\.key[\w.-]*[\"']?[\s=:,]{{1,3}}[\"']?)({_B64}{{16,}})"),
    # Event Hubs, Service Bus: "Shared access signatures"; bare by Microsoft's "identifiable keys".
    _rule("SHARED_ACCESS_KEY", rf"(SharedAccessKey\s?{_EQ}\s?)({_B64}{{16,}})"),
    _rule("SHARED_ACCESS_KEY", r"((?:^|[^A-Za-z0-9+/]))((?-i:[A-Za-z0-9+/]{33}\+A(?:Sb|Eh|Rm)[A-P][A-Za-z0-9+/]{4}=))"),
    # "Create a service SAS", Logic Apps callback URLs: only the signature; the rest says what is allowed.
    _rule("SAS", rf"({_PARAM}sig{_EQ})({_B64}{{8,}})"),
    # Functions "Function access keys": query and header; "identifiable keys".
    _rule("FUNCTION_KEY", rf"((?:[?&]|%(?:25){{0,2}}(?:26|3F)|\\+u0026)code{_EQ})({_B64}{{20,}})", _has_digit),
    _rule("FUNCTION_KEY", r"(x-functions-key\\*[\"']?\s*[:=]\s*\\*[\"']?)([A-Za-z0-9+/=_-]{8,})"),
    _rule("FUNCTION_KEY", r"()((?-i:[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==))"),
    # gitleaks: azure-ad-client-secret.
    _rule("CLIENT_SECRET", r"()((?-i:[A-Za-z0-9_~.]{3}[0-9]Q(?:~|%7E)[A-Za-z0-9_~.-]{31,34}))"),
    # gitleaks: databricks-api-token; Databricks "OAuth machine-to-machine" secrets begin with dose.
    _rule("DATABRICKS_TOKEN", r"()(\bd(?:api|ose|kea)[a-f0-9]{32}(?:-[0-9])?)"),
    # RFC 7519, RFC 7515 section 3; cut off ones and encrypted ones (RFC 7516) as well.
    _rule("JWT", r"()((?-i:eyJ[A-Za-z0-9_-]{8,})\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3})"),
    # Storage "Authorize with Shared Key"; RFC 7617; RFC 6750; AWS "Signature Version 4".
    _rule("AUTHORIZATION", rf"(\bSharedKey(?:Lite)?\s+[\w-]{{1,80}}:)({_B64}{{16,}})"),
    _rule("AUTHORIZATION", r"(\bBasic\s{1,3})([A-Za-z0-9+/]{6,}={0,2})", _basic),
    _rule("AUTHORIZATION", r"(\bBearer(?:\s|%20|\+){1,3})([A-Za-z0-9._~+/=-]{8,})", _has_digit),
    _rule(
        "AUTHORIZATION",
        r"(\bauthorization\\*[\"']?\s*[:=]\s*\\*[\"']?[A-Za-z]{2,20}\s)([A-Za-z0-9._~+/=-]{8,})",
        _has_digit,
    ),
    _rule("AUTHORIZATION", r"(AWS4-HMAC-SHA256[^\r\n]{0,400}Signature=)([0-9a-f]{64})"),
    # gitleaks: gcp-api-key; Google "OAuth 2.0" access tokens and client secrets.
    _rule("GOOGLE_KEY", r"()((?-i:\bAIza[A-Za-z0-9_-]{35}))"),
    _rule("GOOGLE_KEY", r"()((?-i:\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{28}))"),
    # gitleaks: aws-access-token.
    _rule("AWS_KEY", r"()((?-i:\b(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b))"),
    # gitleaks: github-*, gitlab-*, npm-access-token, pypi-upload-token.
    _rule("GITHUB_TOKEN", r"()((?-i:\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{40,}))"),
    _rule("GITLAB_TOKEN", r"()((?-i:\bgl(?:pat|dt|cbt|ptt|rt|ft|soat|agent|oas)-[A-Za-z0-9_-]{20,}))"),
    _rule("NPM_TOKEN", r"()((?-i:\bnpm_[A-Za-z0-9]{36}))"),
    _rule("PYPI_TOKEN", r"()((?-i:\bpypi-AgE[A-Za-z0-9_-]{50,}))"),
    # gitleaks: slack-*; "Sending messages using incoming webhooks"; Teams "Incoming Webhook".
    _rule("SLACK_TOKEN", r"()((?-i:\bxox[a-z](?:\.[a-z]+)?-[A-Za-z0-9-]{10,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}))"),
    _rule(
        "SLACK_HOOK",
        r"(hooks\.slack\.com(?:\\?/|%2F))((?:services|workflows|triggers|actions)(?:\\?/|%2F)[A-Za-z0-9_/\\%-]{8,})",
    ),
    _rule("TEAMS_HOOK", r"(\.webhook\.office\.com/)(webhookb2/[A-Za-z0-9@/_-]{8,})"),
    # gitleaks: atlassian-api-token.
    _rule("ATLASSIAN_TOKEN", r"()((?-i:\bATATT[A-Za-z0-9_=-]{20,}))"),
    # gitleaks: openai-api-key, anthropic-api-key, vault-service-token; Azure DevOps and others by "identifiable keys".
    _rule("API_KEY", r"()((?-i:\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{32,}))", _has_digit),
    _rule("VAULT_TOKEN", r"()((?-i:\bhv[sbr]\.[A-Za-z0-9_-]{24,}))"),
    _rule("AZURE_KEY", r"()((?-i:\b[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9]{18,30}\b))"),
    # RFC 3986 section 3.2.1; Airflow "Connection URI format"; a password that holds "/"; URLs within URLs.
    _rule(
        "PASSWORD",
        rf"({_SCHEME}://[^\s/:@?#\"'<>\[\]]*:)(?:([^\s/?#\"'<>`]+)@|([^\s@\"'<>`]{{1,200}})@)",
        _url_password,
    ),
    _rule("PASSWORD", rf"({_SCHEME}%3A%2F%2F[\w.~-]{{0,100}}%3A)([^\s&\"'<>@]{{1,200}}?)%40", _url_password),
    # Oracle "Easy Connect": user/password@host:port/service.
    _rule("PASSWORD", r"((?:^|[\s\"'=:(])[\w$#]{1,60}/)([^\s@/\"']{3,60})@/{0,2}[\w.-]{1,200}:[0-9]{2,5}/", _value),
    # ADO.NET "Connection string syntax": a password may hold blanks when semicolons surround it.
    _rule("PASSWORD", r"(;\s?(?:Password|PWD)\s?=\s?)([^;\"'{}\r\n]{1,128});", _value),
    # SQL: CREATE USER ... IDENTIFIED BY / WITH PASSWORD; command lines; XML elements.
    _rule(
        "PASSWORD", r"(\b(?:identified by|with password|encrypted password)\s{1,3}\\*[\"'])([^\"'\r\n]{1,200})", _value
    ),
    _rule(
        "PASSWORD",
        r"(--[a-z-]*(?:password|secret|token|access-key|account-key|api-key)"
        r"(?:\s{1,3}|[\"'], ?[\"']))([^\s\"'-][^\s\"']*)",
        _has_digit,
    ),
    _rule("PASSWORD", r"(<[\w:.-]{0,60}(?:password|secret|token|apikey|accountkey)>\s?)([^<>\r\n]{1,500})</", _value),
    # PostgreSQL error 23505 and its kin: Key (columns)=(values).
    _rule(
        "ROW_VALUE",
        r"(\bKey \([^()\r\n]{1,200}\)=\()([^\r\n]{1,500}?)\) (?:already exists|is not present|is still|conflicts)",
        _row,
    ),
)
# Personal data: gives way where a secret covers the same place.
PERSONAL: tuple[Rule, ...] = (
    # RFC 5321 section 4.1.2, the usual part of it; guests in Entra ID.
    _rule(
        "EMAIL",
        r"()([\p{Latin}0-9][\p{Latin}0-9._+-]*(?:#EXT#)?(?:@|%40)(?:[\p{Latin}0-9][\p{Latin}0-9-]*\.)+[\p{Latin}]{2,24})",
        _email,
    ),
    _rule(
        "CARD",
        r"((?:^|[^0-9A-Za-z.]))((?:[0-9]{4}[ -]){3}[0-9]{1,7}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5}|[0-9]{13,19})\b",
        _card,
    ),
    _rule("IBAN", r"()((?-i:\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b))", _iban),
)

_QUOTE = r"\\*[\"'`]"
_SEPARATOR = rf"(?:{_QUOTE})?\]?\s{{0,3}}(?:[=-]>|:=|={{1,2}}|:|%(?:25)?3[AD]|\\+u003[AD])\s{{0,3}}"
# `name = value` in every notation. Groups: all before the value, the name, the quote or brace that opens the value or
# the value itself, a semicolon behind it.
NAMED = (
    Pattern(
        r"(([A-Za-z0-9_.-]{0,64}(?:passw(?:or)?d|passphrase|pass|pwd|secret|token|key|sas|sig|pat|authorization)[0-9]{0,2})"
        rf"{_SEPARATOR})({_QUOTE}|\{{|[^\s;\"'`<>{{}}]*)(;?)"
    ),
    Pattern(
        rf"({_QUOTE}(?:name|key){_QUOTE}\s{{0,3}}:\s{{0,3}}{_QUOTE}([A-Za-z0-9_.-]{{1,160}}){_QUOTE}\s{{0,9}},"
        rf"\s{{0,9}}{_QUOTE}value{_QUOTE}\s{{0,3}}:\s{{0,3}})({_QUOTE})()"
    ),
    Pattern(rf"((\bfs\.azure\.[\w.-]{{1,200}}){_SEPARATOR})({_QUOTE}|\{{|[^\s;\"'`<>{{}}]*)(;?)"),
)
PLACEHOLDER = Pattern(r"(?-i:\[[A-Z_]{2,30}#[0-9]{1,9}\])")
