"""A tenant of Microsoft Entra on this machine: its keys over HTTP, and tokens signed with them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

TENANT = "9a3c2f10-7777-4d2e-8f1a-3b6c5d4e2f01"
AUDIENCE = "c0ffee00-1111-4a4a-9b9b-0123456789ab"
DATABRICKS_APP = "5e1d0b1c-2222-4c4c-8d8d-abcdefabcdef"
AZURE_MONITOR_APP = "461e8683-5575-4561-ac7f-899cc907d62a"


class Tenant:
    """Answers for its public keys; `url` is the authority. What was asked for is counted in `fetched`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.fetched = 0
        self.down = False
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.add_key("first")

    def add_key(self, key_id: str) -> None:
        self.keys[key_id] = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "ENTRA_TENANT_ID": TENANT,
            "ENTRA_AUTHORITY_URL": self.url,
            "SECURE_WEBHOOK_AUDIENCE": AUDIENCE,
            "DATABRICKS_WEBHOOK_CLIENT_ID": DATABRICKS_APP,
        }

    def document(self) -> dict[str, Any]:
        algorithm = jwt.algorithms.RSAAlgorithm
        found = [(key_id, algorithm.to_jwk(key.public_key(), as_dict=True)) for key_id, key in self.keys.items()]
        return {"keys": [{**key, "kid": key_id, "use": "sig"} for key_id, key in found]}

    def claims(self, **change: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "aud": AUDIENCE,
            "iss": f"{self.url}/{TENANT}/v2.0",
            "iat": now - 5,
            "nbf": now - 5,
            "exp": now + 3_600,
            "azp": AZURE_MONITOR_APP,
            "roles": ["ActionGroupsSecureWebhook"],
            "tid": TENANT,
            "ver": "2.0",
            **change,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key_id: str = "first", signed_with: rsa.RSAPrivateKey | None = None, **change: Any) -> str:
        key = signed_with or self.keys[key_id]
        return jwt.encode(self.claims(**change), key, algorithm="RS256", headers={"kid": key_id})


@contextmanager
def tenant() -> Iterator[Tenant]:
    """A tenant that answers on this machine."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            there.fetched += 1
            good = self.path == f"/{TENANT}/discovery/v2.0/keys" and not there.down
            body = json.dumps(there.document()).encode() if good else b"no"
            self.send_response(200 if good else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    there = Tenant(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
