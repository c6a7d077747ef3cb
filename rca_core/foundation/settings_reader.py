"""How settings are read from the environment: text in, typed values out, every problem noted."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from rca_core.foundation.setting import Setting

_UNRESOLVED_REFERENCE = "@Microsoft.KeyVault("


class Reader:
    """Reads declared settings and collects what is wrong with them instead of stopping at the first.

    Raises LookupError for a setting that is not declared: the reference for operators would lack it.
    """

    def __init__(self, environment: Mapping[str, str], declared: Iterable[Setting]) -> None:
        self._environment = environment
        self._declared = {setting.name for setting in declared}
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        """The setting, trimmed; None if it is empty or could not be read from Key Vault."""
        value = self._given(name)
        if value.startswith(_UNRESOLVED_REFERENCE):
            self.problems.append(
                f"{name} is an unresolved Key Vault reference: check that the app's identity may read the secret."
            )
            return None
        return value or None

    def needs(self, name: str, other: str) -> None:
        """Notes it as a problem if `name` is set and `other` is not."""
        if self._given(name) and not self._given(other):
            self.problems.append(f"{name} is set, {other} is not: set both or neither.")

    def words(self, name: str) -> tuple[str, ...]:
        """The words of a setting, separated by blanks: the old secret and the new one while they are exchanged."""
        return tuple((self.text(name) or "").split())

    def whole(self, what: str, names: tuple[str, ...], optional: tuple[str, ...]) -> bool:
        """Whether all of `names` are set; notes it as a problem if only some settings of `what` are."""
        missing = [name for name in names if not self._given(name)]
        given = [name for name in (*names, *optional) if self._given(name)]
        if missing and given:
            self.problems.append(f"{what} is half configured: {', '.join(missing)} missing (set: {', '.join(given)}).")
        return not missing

    def budget(self, name: str) -> dict[str, int]:
        """A budget such as `500 calls, 5000000 tokens`, either part alone as well."""
        amounts: dict[str, int] = {}
        for part in (self.text(name) or "").replace("_", "").split(","):
            amount, _, unit = part.strip().partition(" ")
            if amount.isascii() and amount.isdigit() and len(amount) <= 12 and unit.strip() in ("calls", "tokens"):
                amounts[unit.strip()] = int(amount)
            elif part.strip():
                self.problems.append(f"{name} is no budget; one looks like: 500 calls, 5000000 tokens.")
        return amounts

    def url(self, name: str, default_scheme: str | None = None) -> str | None:
        """A web address, without the slash at its end."""
        value = self.text(name)
        if value is None:
            return None
        if default_scheme and "://" not in value:
            value = f"{default_scheme}://{value}"
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            # Not quoted: a connection string put here by mistake would be shown to whoever asks.
            self.problems.append(f"{name} is not an http(s) address.")
            return None
        return value.rstrip("/")

    def _given(self, name: str) -> str:
        if name not in self._declared:
            raise LookupError(
                f"{name} is not declared: add it to a Part among PARTS of rca_core/foundation/settings.py."
            )
        return self._environment.get(name, "").strip()
