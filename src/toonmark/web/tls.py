"""HTTPS by a given or a self-signed certificate, with a time limit on handshakes."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from toonmark.errors import ConfigurationError

#: Days for which a certificate of our own is good; it is made anew with every start.
_DAYS = 30


def given(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """TLS by a given certificate.

    Args:
        certificate: PEM, with those that vouch for it behind it.
        key: PEM, without a password; None if it is in the same file.

    Raises:
        ConfigurationError: one of them cannot be read, or they do not belong together.
    """
    for file in (certificate, key):
        if file is not None and not file.is_file():
            raise ConfigurationError(
                f"There is no file {file}.", "Give PEM files: --certificate FILE --key FILE"
            )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except OSError as error:  # ssl.SSLError is one, too
        raise ConfigurationError(
            f"{certificate} and its key cannot be used ({error.strerror or error}).",
            "Give a certificate and the key that belongs to it, as PEM files.",
        ) from error
    return context


def _no_password() -> bytes:
    # Else OpenSSL would ask for it in the terminal, where a service has nobody.
    raise ConfigurationError(
        "The key is locked with a password.",
        "Unlock it into a file that only you can read: openssl pkey -in KEY -out UNLOCKED",
    )


def self_signed(names: Sequence[str]) -> tuple[ssl.SSLContext, str]:
    """TLS by a certificate that vouches for itself; nothing of it stays on the disk.

    Args:
        names: names and addresses for which it is good.

    Returns:
        TLS, and the certificate's SHA-256 as browsers show it: AB:CD and so on.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Toonmark")])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # clocks differ
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="toonmark-") as folder:  # only its owner may look in
        file = Path(folder) / "certificate.pem"
        file.write_bytes(pem)  # OpenSSL reads files only
        context.load_cert_chain(file)
    return context, certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _name(text: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Handshake(asyncio.Protocol):
    """A connection until it is encrypted; then a protocol of HTTP takes it over.

    asyncio's own way would show a connection only after its handshake, for which it leaves a
    minute; so those that never begin one could be as many as they like.

    Args:
        context: TLS.
        seconds: that a handshake may take.
        make: gives the protocol that takes over.
        watch: is told of the connection, and may end it.
        forget: is told that it is gone, or taken over.
    """

    #: Of uvicorn's protocols, the request that they are at: none here.
    cycle = None

    def __init__(
        self,
        context: ssl.SSLContext,
        seconds: float,
        make: Callable[[], asyncio.Protocol],
        watch: Callable[[Any], None],
        forget: Callable[[Any], None],
    ) -> None:
        self._context, self._seconds = context, seconds
        self._make, self._watch, self._forget = make, watch, forget
        self._early = bytearray()
        self._lost = False
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Called for a new connection; nothing is read before it is encrypted."""
        self.transport = transport
        transport.pause_reading()
        self._watch(self)
        if not transport.is_closing():
            self._task = asyncio.get_running_loop().create_task(self._shake())

    def data_received(self, data: bytes) -> None:
        """The bytes that came together with the handshake's end."""
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Called once a connection has gone, before or after it was encrypted."""
        self._lost = True
        self._forget(self)

    async def _shake(self) -> None:
        start = asyncio.get_running_loop().start_tls
        # A handshake that fails is the client's affair; asyncio has ended the connection then.
        with contextlib.suppress(OSError, EOFError):
            encrypted = await start(
                self.transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._seconds,
            )
            if encrypted is not None and not self._lost:
                self._hand_over(encrypted)
        self._forget(self)

    def _hand_over(self, encrypted: Any) -> None:
        protocol = self._make()
        encrypted.set_protocol(protocol)
        self._forget(self)
        protocol.connection_made(encrypted)
        if self._early and not encrypted.is_closing():
            protocol.data_received(bytes(self._early))
