import pytest

from mimi_conformance.mocks.network.authority import AuthorityError, CertificateAuthority
from mimi_conformance.mocks.network.network import Network, worker_domain


def test_workers_have_names_of_their_own():
    assert [worker_domain("b.example", worker) for worker in range(3)] == ["b.example", "b1.example", "b2.example"]
    assert worker_domain("b.mimi.example", 1) == "b1.mimi.example"


def test_peers_listen_on_ports_of_their_own_and_are_on_the_map():
    with Network() as network:
        b, c = network.add_peer("b.example"), network.add_peer("c.example")

        assert network.host_map == {"b.example": b.address, "c.example": c.address}
        assert network.addresses == network.host_map
        assert b.address[1] != c.address[1]
        assert all(port > 0 for _, port in network.host_map.values())


def test_identities_kept_in_the_folder_are_used_and_missing_ones_issued(tmp_path):
    authority = CertificateAuthority.create()
    authority.save(tmp_path)
    kept = authority.issue(["b.example"], tmp_path / "peer" / "b.example")

    with Network(folder=tmp_path) as network:
        b, c = network.add_peer("b.example"), network.add_peer("c.example")

        assert b.identity == kept
        assert c.identity.certificate.issuer == authority.certificate.subject
        assert b.send("GET", "https://c.example/.well-known/mimi-protocol-directory").status == 200
    assert kept.certificate_chain.is_file()
    assert not c.identity.certificate_chain.exists()


def test_authorities_of_the_target_are_trusted_besides_our_own(tmp_path):
    other = CertificateAuthority.create("somebody else")
    other_file = other.save(tmp_path)

    with Network(trust=other_file) as network:
        b = network.add_peer("b.example")
        network.add_peer("a.example", identity=network.issue("a.example", authority=other))
        network.add_peer("c.example")

        for domain in ("a.example", "c.example"):
            assert b.send("GET", f"https://{domain}/.well-known/mimi-protocol-directory").status == 200


def test_trust_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(AuthorityError, match=r"absent\.pem"):
        Network(trust=tmp_path / "absent.pem")


def test_a_closed_network_no_longer_answers():
    with Network() as network:
        b = network.add_peer("b.example")
        address = b.address

    b.addresses["b.example"] = address
    with pytest.raises(RuntimeError, match=r"b\.example is not listening"):
        _ = b.address


def test_a_port_that_is_taken_is_an_error():
    with Network() as network:
        b = network.add_peer("b.example")
        with pytest.raises(OSError, match="in use"):
            network.add_peer("c.example", b.address)
        assert set(network.peers) == {"b.example"}
