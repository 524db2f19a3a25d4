"""Cards for tests: a synthetic holder, synthetic results, keys made for the test."""

import json
import zlib

from joserfc import jws
from joserfc.jwk import ECKey

from fhir_pgx.model.wallet import CardContent, CardGene, CardHolder
from fhir_pgx.security.card_keys import CardKey

ISSUER = "https://pgx.example.org"
NOW = 1_790_000_000.0  # 2026-09-21
HOLDER = CardHolder("Example", ("Synthetic-Ada",), birth_date="1958-04-12")
POOR = CardGene("CYP2C19", "*2/*2", "Poor Metabolizer", when="2026-03-02", laboratory="Synthetic")
NORMAL = CardGene("CYP2C9", "*1/*1", "Normal Metabolizer", score="2.0", when="2026-03-02")


def card_key(**moments):
    key = ECKey.generate_key("P-256")
    return CardKey(key.thumbprint(), key, **moments)


def content(*genes, **counts):
    given = {"others": 1, "no_answer": 2, "not_tested": 3} | counts
    return CardContent(HOLDER, genes or (POOR, NORMAL), release="2026.08", **given)


def raw_deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def signed(payload, key, *, algorithm="ES256", packed=True, **header):
    """A JWS of whatever is given, as somebody else would make it."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    told = {"zip": "DEF", "alg": algorithm, "kid": key.thumbprint(), **header}
    told = {name: value for name, value in told.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_payload_length = 10**9
    data = raw_deflate(body) if packed else body
    return jws.serialize_compact(told, data, key, [algorithm], registry)
