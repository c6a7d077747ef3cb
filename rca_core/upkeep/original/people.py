"""The earlier program's accounts as accounts of ours: viewers who wait for an admin's approval.

Anybody could register there with an address that nobody checked, so an account proves nothing. The password stays: both
keep it by bcrypt.
"""

import re

import msgspec

from rca_core.access import accounts
from rca_core.foundation import clock
from rca_core.foundation.errors import MalformedRequest
from rca_core.foundation.storage import Storage
from rca_core.upkeep.original import words
from rca_core.upkeep.original.database import Original
from rca_core.upkeep.original.report import Report

_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}")


def load_people(storage: Storage, original: Original, report: Report) -> None:
    """Makes an account for each, unless the address has one, which is left as it is."""
    for row in original.users():
        report.leave("users", row, ("id",))
        hashed = str(row.get("password_hash") or "")
        if not _BCRYPT.fullmatch(hashed):
            report.skip(f"user {row.get('email')}", "the password is not kept by bcrypt: let them register")
            continue
        try:
            name = str(row.get("full_name") or "")
            account = accounts.new_account(
                str(row.get("email") or ""),
                name,
                hashed,
                role="viewer",
                status="waiting",
                at=words.moment(row.get("created_at")),
            )
        except MalformedRequest as error:
            report.skip(f"user {row.get('email')}", error.detail)
            continue
        last = words.moment(row.get("last_login"))
        account = msgspec.structs.replace(account, last_sign_in=clock.to_iso(last) if last else "")
        report.count("accounts made" if accounts.create(storage, account) else "accounts there already")
