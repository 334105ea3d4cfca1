"""Sealing is HPKE as RFC 9180 has it: a reading of the RFC, held to its test vector, opens what the product seals."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from edge.core.errors import DoesNotVerify
from edge.core.sealing import OVERHEAD_BYTES, open_sealed, seal_to
from tests.hpke_reading import Reading

# RFC 9180, appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0.
RECEIVER = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
ENCAPSULATED = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
AAD = bytes.fromhex("436f756e742d30")
PLAINTEXT = b"Beauty is truth, truth beauty"
CIPHERTEXT = bytes.fromhex(
    "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
)


@pytest.fixture
def private() -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(RECEIVER)


def test_reading_of_the_rfc_gives_its_test_vector(private: X25519PrivateKey) -> None:
    aes128 = Reading(aead_id=1, key_bytes=16)
    assert aes128.open(private, ENCAPSULATED, CIPHERTEXT, info=INFO, aad=AAD) == PLAINTEXT


def test_what_the_product_seals_opens_by_the_rfc(private: X25519PrivateKey) -> None:
    sealed = seal_to(private.public_key().public_bytes_raw().hex(), PLAINTEXT, info=INFO)
    assert len(sealed) == len(PLAINTEXT) + OVERHEAD_BYTES
    aes256 = Reading(aead_id=2, key_bytes=32)
    assert aes256.open(private, sealed[:32], sealed[32:], info=INFO, aad=b"") == PLAINTEXT
    assert open_sealed(private, sealed, info=INFO) == PLAINTEXT


def test_moved_altered_or_cut_off_does_not_open(private: X25519PrivateKey) -> None:
    sealed = seal_to(private.public_key().public_bytes_raw().hex(), PLAINTEXT, info=INFO)
    flipped = (bytes([*sealed[:i], sealed[i] ^ 1, *sealed[i + 1 :]]) for i in range(len(sealed)))
    cut = (sealed[:i] for i in range(len(sealed)))
    for wrong in (*flipped, *cut):
        with pytest.raises(DoesNotVerify):
            open_sealed(private, wrong, info=INFO)
    with pytest.raises(DoesNotVerify):
        open_sealed(private, sealed, info=b"another place")
    with pytest.raises(DoesNotVerify):
        open_sealed(X25519PrivateKey.generate(), sealed, info=INFO)


def test_a_key_of_small_order_is_refused() -> None:
    with pytest.raises(DoesNotVerify):
        seal_to("00" * 32, PLAINTEXT, info=INFO)
