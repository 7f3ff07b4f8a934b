"""The provider's own keys: always the same ones, each for one purpose, and never shown."""

from itertools import combinations

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.kem import DHKEM_X25519
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.wire.mls.registries import CipherSuite

RFC_CIPHER_SUITES = [CipherSuite(number) for number in range(1, 8)]


def kept(storage, random=lambda size: b"r" * size) -> ProviderKeys:
    with storage.transaction() as transaction:
        return ProviderKeys.kept(transaction, random)


def test_keys_are_made_once_and_survive_restarts_and_resets(tmp_path):
    storage = SQLiteStorage(tmp_path / "mimi.sqlite")
    made = kept(storage)
    with storage.transaction() as transaction:
        transaction.clear()
    storage.close()
    storage = SQLiteStorage(tmp_path / "mimi.sqlite")
    assert kept(storage, random=lambda size: b"x" * size) == made == ProviderKeys(b"r" * 32)
    storage.close()


@pytest.mark.parametrize("suite", RFC_CIPHER_SUITES)
@pytest.mark.parametrize("purpose", ["external_sender", "franking_agent"])
def test_what_is_signed_verifies(suite, purpose):
    key = getattr(ProviderKeys(b"r" * 32), purpose)(suite)
    scheme = parameters(suite).signature
    assert scheme.verify(key.public_key, b"data", scheme.sign(key.private_key, b"data"))


def test_every_purpose_has_keys_of_its_own():
    keys, others = ProviderKeys(b"r" * 32), ProviderKeys(b"s" * 32)
    private = [
        key
        for provider in (keys, others)
        for key in (
            provider.hub_key,
            provider.oblivious_http.private_key,
            *(provider.external_sender(suite).private_key for suite in RFC_CIPHER_SUITES),
            *(provider.franking_agent(suite).private_key for suite in RFC_CIPHER_SUITES),
        )
    ]
    assert all(one != other for one, other in combinations(private, 2))


def test_the_gateways_key_pair_belongs_together():
    key = ProviderKeys(b"r" * 32).oblivious_http
    assert DHKEM_X25519.public_key(key.private_key) == key.public_key


def test_the_secret_is_not_shown():
    assert "r" * 32 not in repr(ProviderKeys(b"r" * 32))
