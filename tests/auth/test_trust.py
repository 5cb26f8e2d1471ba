"""A server with a certificate of its own is trusted where the configuration says so, and only there."""

from __future__ import annotations

import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.login_accounts import write_configuration

from aero_jupyter.core.errors import InvalidArgument, LoginRequired, Unreachable
from aero_jupyter.session import connections as session


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "AERO of a laboratory")])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = built.add_extension(address, critical=False).sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "ca.pem", folder / "key.pem"


@pytest.fixture
def tls(configured_server, tmp_path, cache):
    ca, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca, key)
    configured_server.socket = context.wrap_socket(configured_server.socket, server_side=True)
    write_configuration(tmp_path / "config.toml", configured_server.url.replace("http:", "https:"), cache)
    return tmp_path / "config.toml", ca


def test_a_self_signed_server_is_not_trusted_by_itself(tls):
    with pytest.raises(Unreachable, match="is not trusted"):
        session.connect().client.list("data").page(1)


def test_the_ca_bundle_of_the_configuration_is_trusted(tls):
    config, ca = tls
    config.write_text(f'{config.read_text()}ca_bundle = "{ca}"\n')
    with pytest.raises(LoginRequired):
        session.connect().client.list("data").page(1)


def test_a_ca_bundle_that_is_not_there_is_named(tls):
    config, _ = tls
    config.write_text(config.read_text() + 'ca_bundle = "/no/such/file.pem"\n')
    with pytest.raises(InvalidArgument, match=r"no ca_bundle /no/such/file\.pem"):
        session.connect()
