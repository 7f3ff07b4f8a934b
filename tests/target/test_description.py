"""A target.toml gives a description, or one sentence for each mistake in it."""

import re
from pathlib import Path

import pytest

from mimi_conformance.mocks.network.addresses import Address
from mimi_conformance.mocks.network.authority import CertificateAuthority, Identity
from mimi_conformance.mocks.network.laboratory import write_laboratory
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reference.provider.url_template import UrlStyle
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.reading import TargetError
from mimi_conformance.suites.target.sections import FEATURES, Reach
from mimi_conformance.suites.target.template import render
from mimi_conformance.suites.target.users import Consent, ProfileEntry, ProfileType, RoomEntry

COMPLETE = """
[provider]
domains = ["hub.example", "hub.test"]
url = "https://127.0.0.1:8443"
trust = "ca.pem"
roles = ["hub"]
features = ["consent", "search-nick"]

[addresses]
"mimi.hub.example" = "[::1]:9443"

[peers]
folder = "peers"
reach = "host-map"
[peers.domains]
"a.test" = "127.0.0.1:0"

[settings]
url_template_style = "slashes"
request_seconds = 3

[control]
url = "http://127.0.0.1:9000/control/"
token = "secret"

[fixtures.users.bob]
uri = "mimi://hub.example/u/bob"
clients = ["mimi://hub.example/d/bob/phone"]
key_packages = true
consent = [{ requester = "*", room = "mimi://a.test/r/cave" }]
profile = [
  { type = "nick", value = "bob" },
  { type = "vcardField", name = "ORG", value = "Builders", searchable = false, shared = true },
]

[fixtures.rooms.lobby]
uri = "mimi://hub.test/r/lobby"
entry = "join-code"
joining_code = "sesame"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    CertificateAuthority.create().save(tmp_path)
    (tmp_path / "peers").mkdir()
    return tmp_path


def load(folder: Path, text: str) -> TargetDescription:
    file = folder / "target.toml"
    file.write_text(text, encoding="utf-8")
    return TargetDescription.load(file)


def mistakes(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(TargetError) as raised:
        load(folder, text)
    return raised.value.mistakes


def test_a_complete_description_says_who_the_target_is(folder: Path) -> None:
    target = load(folder, COMPLETE)
    assert target.provider.domain == "hub.example"
    assert target.provider.address == ("127.0.0.1", 8443)
    assert target.provider.trust == folder / "ca.pem"
    assert target.provider.roles == {Role.HUB}
    assert target.provider.features == {"consent", "search-nick"}
    assert target.address_map == {
        "hub.example": ("127.0.0.1", 8443),
        "hub.test": ("127.0.0.1", 8443),
        "mimi.hub.example": ("::1", 9443),
    }
    assert target.control is not None
    assert target.control.url == "http://127.0.0.1:9000/control"
    assert not target.wire_only


def test_a_complete_description_says_how_to_talk_to_the_target(folder: Path) -> None:
    target = load(folder, COMPLETE)
    assert target.peers.reach is Reach.HOST_MAP
    assert target.peers.domains == {"a.test": ("127.0.0.1", 0)}
    assert target.settings.template_readings.style is UrlStyle.SLASHES
    assert target.settings.request_seconds == 3.0
    assert target.settings.delivery_seconds == 10.0


def test_fixtures_become_users_and_rooms(folder: Path) -> None:
    fixtures = load(folder, COMPLETE).fixtures
    bob = fixtures.users["bob"]
    cave = MimiUri("mimi://a.test/r/cave")
    assert bob.clients == (MimiUri("mimi://hub.example/d/bob/phone"),)
    assert bob.consent == (Consent("*", cave),)
    assert bob.consents_to(MimiUri("mimi://a.test/u/alice"), cave)
    assert not bob.consents_to(MimiUri("mimi://a.test/u/alice"))
    assert bob.entry(ProfileType.NICK) == ProfileEntry(ProfileType.NICK, "bob")
    assert bob.entry(ProfileType.VCARD_FIELD, "ORG", searchable=True) is None
    assert fixtures.rooms["lobby"].entry is RoomEntry.JOIN_CODE


def test_the_token_stays_out_of_what_gets_printed(folder: Path) -> None:
    assert "secret" not in repr(load(folder, COMPLETE))


@pytest.mark.parametrize(
    ("written", "instead", "mistake"),
    [
        ('domains = ["hub.example", "hub.test"]', "", "provider.domains: missing; list its domains"),
        ('domains = ["hub.example", "hub.test"]', "domains = []", "provider.domains: the list is empty"),
        ('"hub.example", "hub.test"', '"hub.example", "Hub.test"', "provider.domains[1]: 'Hub.test' is not a provider"),
        ('domains = ["hub', 'domain = []\ndomains = ["hub', "provider.domain: unknown key; did you mean 'domains'?"),
        (
            "https://127.0.0.1:8443",
            "http://127.0.0.1:8443",
            "provider.url: 'http://127.0.0.1:8443' is not usable; MIMI",
        ),
        ("https://127.0.0.1:8443", "https://127.0.0.1:84430", "provider.url: 'https://127.0.0.1:84430' is not a URL"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443/v1", "provider.url: 'https://127.0.0.1:8443/v1' has a path"),
        ("https://127.0.0.1:8443", "https://me@127.0.0.1", "provider.url: 'https://me@127.0.0.1' has more than"),
        ('"ca.pem"', '"no.pem"', "provider.trust: there is no file"),
        ('"ca.pem"', "5", "provider.trust: 5 is not a string"),
        ('"ca.pem"', '"ca.key"', "provider.trust: '%(folder)s/ca.key' holds no certificate in PEM"),
        ('hub.example", "hub.test', 'hub.example", "hub.example', "provider.domains: 'hub.example' stands there more"),
        (
            "https://127.0.0.1:8443",
            "https://a..b:8443",
            "provider.url: 'a..b' is neither an IP address nor a host name",
        ),
        ("https://127.0.0.1:8443", "https://ü.test", "provider.url: 'ü.test' is neither an IP address nor a host name"),
        (
            "https://127.0.0.1:8443",
            "https://127.0.0.1\\n:8443",
            "provider.url: 'https://127.0.0.1\\n:8443' is not a URL",
        ),
        ("https://127.0.0.1:8443", "https://the hub", "provider.url: 'https://the hub' is not a URL: it has a space"),
        ('["hub"]', '["hubb"]', "provider.roles[0]: unknown value 'hubb'; did you mean 'hub'?"),
        ('["hub"]', '"hub"', "provider.roles: 'hub' is not a list"),
        ('"search-nick"', '"search-nik"', "provider.features[1]: unknown feature 'search-nik'; did you mean 'search-"),
        ('"[::1]:9443"', '"[::1]"', "addresses.mimi.hub.example: '[::1]' is not an address"),
        ('folder = "peers"', 'folder = "mice"', "peers.folder: there is no folder"),
        ('"host-map"', '"hostmap"', "peers.reach: unknown value 'hostmap'; did you mean 'host-map'?"),
        ('"a.test" = "127.0.0.1:0"', "", "peers.domains: the table is empty; say where"),
        ('"a.test" = "127.0.0.1:0"', '"a.test" = "127.0.0.1:70000"', "peers.domains.a.test: '127.0.0.1:70000' is not"),
        (
            '"a.test" = "127.0.0.1:0"',
            '"a.test" = "localhost:0"',
            "peers.domains.a.test: 'localhost' is not an IP addre",
        ),
        ('"a.test" = "127.0.0.1:0"', '"a.test" = "::1:0"', "peers.domains.a.test: '::1:0' is not an address; an IPv6"),
        ('"a.test" = "127.0.0.1:0"', '"hub.test" = "127.0.0.1:0"', "peers.domains.hub.test: this is the target; our"),
        ("[settings]", "[setings]", "setings: unknown key; did you mean 'settings'?"),
        ('"slashes"', '"slash"', "settings.url_template_style: unknown value 'slash'; did you mean 'slashes'?"),
        ("request_seconds = 3", "request_seconds = 0", "settings.request_seconds: 0 is not a number of seconds"),
        ("request_seconds = 3", "largest_body_bytes = true", "settings.largest_body_bytes: true is not a whole number"),
        ("http://127.0.0.1:9000/control/", "127.0.0.1:9000", "control.url: '127.0.0.1:9000' is not usable"),
        ('token = "secret"', 'token = ""', "control.token: the string is empty"),
        ('token = "secret"', 'token = "sëcret"', "control.token: it can't stand in an HTTP header"),
        ("[control]", "[controll]", "controll: unknown key; did you mean 'control'?"),
        ('[control]\nurl = "http://127.0.0.1:9000/control/"\ntoken = "secret"', "", "peers.reach: a host map is told"),
        ("hub.example/u/bob", "hub.example/d/bob", "fixtures.users.bob.uri: 'mimi://hub.example/d/bob' is the URI of"),
        ("hub.example/u/bob", "else.example/u/bob", "fixtures.users.bob.uri: 'mimi://else.example/u/bob' is not under"),
        ('uri = "mimi://hub.example/u/bob"', "", "fixtures.users.bob.uri: missing"),
        ("mimi://hub.example/d/bob/phone", "phone", "fixtures.users.bob.clients[0]: 'phone' is not a MIMI URI"),
        ('clients = ["mimi://hub.example/d/bob/phone"]', "", "fixtures.users.bob.key_packages: KeyPackages belong to"),
        ("key_packages = true", 'key_packages = "yes"', "fixtures.users.bob.key_packages: 'yes' is neither true nor"),
        ('requester = "*"', 'requester = "mimi://a.test/r/x"', "fixtures.users.bob.consent[0].requester: 'mimi://a.t"),
        ('requester = "*"', 'requester = "A.test"', "fixtures.users.bob.consent[0].requester: 'A.test' is not a prov"),
        (
            'consent = [{ requester = "*", room = "mimi://a.test/r/cave" }]',
            "consent = [3]",
            "fixtures.users.bob.consent",
        ),
        ('type = "nick"', 'type = "nickname"', "fixtures.users.bob.profile[0].type: unknown value 'nickname'; did"),
        ('value = "bob" }', 'value = "bob", name = "x" }', "fixtures.users.bob.profile[0].name: only oidcStdClaim and"),
        ('name = "ORG", ', "", "fixtures.users.bob.profile[1].name: missing"),
        ('joining_code = "sesame"', "", "fixtures.rooms.lobby.joining_code: goes together with"),
        ("[fixtures.rooms.lobby]", "[fixtures.room.lobby]", "fixtures.room: unknown key; did you mean 'rooms'?"),
    ],
)
def test_each_mistake_is_named_once(folder: Path, written: str, instead: str, mistake: str) -> None:
    assert written in COMPLETE
    [found] = mistakes(folder, COMPLETE.replace(written, instead))
    assert found.startswith(mistake.replace("%(folder)s", str(folder)))


@pytest.mark.parametrize("host", ["localhost", "mimi_hub", "127.0.0.1", "[::1]", "Hub.Example", "hub.example."])
def test_a_url_can_have_any_host_that_can_be_reached(folder: Path, host: str) -> None:
    target = load(folder, COMPLETE.replace("https://127.0.0.1:8443", f"https://{host}:8443"))
    assert target.provider.address == (host.strip("[]").lower(), 8443)


def test_all_mistakes_are_found_in_one_pass(folder: Path) -> None:
    text = COMPLETE.replace('"ca.pem"', '"no.pem"').replace('"slashes"', '"x"').replace('type = "nick"', 'type = "x"')
    assert [mistake.partition(":")[0] for mistake in mistakes(folder, text)] == [
        "provider.trust",
        "settings.url_template_style",
        "fixtures.users.bob.profile[0].type",
    ]


def test_a_table_where_a_value_belongs_is_no_crash(folder: Path) -> None:
    [mistake] = mistakes(folder, COMPLETE.replace("[settings]", "[provider.settings]"))
    assert mistake.startswith("provider.settings: unknown key")
    assert any(
        "is not a table" in each for each in mistakes(folder, "provider = 1\npeers = []\nfixtures = {users = {a = 1}}")
    )


def test_broken_toml_is_named_with_its_line(folder: Path) -> None:
    [mistake] = mistakes(folder, "[provider]\nurl = https")
    assert "is not TOML" in mistake
    assert "line 2" in mistake


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bytes.toml", "is not UTF-8"),
        ("none.toml", "cannot be read: No such file"),
        ("peers", "cannot be read: Is a directory"),
    ],
)
def test_a_file_that_can_not_be_read_is_named(folder: Path, name: str, reason: str) -> None:
    (folder / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(TargetError) as raised:
        TargetDescription.load(folder / name)
    assert reason in str(raised.value)
    assert str(folder / name) in str(raised.value)


@pytest.mark.parametrize("control_url", [None, "http://127.0.0.1:9000"])
def test_the_template_of_init_loads_as_it_stands(folder: Path, control_url: str | None) -> None:
    text = render(
        domain="hub.example",
        url="https://127.0.0.1:8443",
        trust="ca.pem",
        peers_folder="peers",
        peers={"a.test": "127.0.0.1:0", "b.test": "127.0.0.2:443"},
        reach=Reach.HOST_MAP if control_url else Reach.HOSTS_FILE,
        control_url=control_url,
        control_token=control_url and "secret",
    )
    target = load(folder, text)
    assert target.provider.features == set(FEATURES)
    assert target.settings == load(folder, COMPLETE.partition("[settings]")[0].replace("host-map", "none")).settings
    assert target.peers.domains["b.test"] == ("127.0.0.2", 443)
    assert (target.control is not None) == (control_url is not None)


def test_the_examples_in_the_template_load_when_uncommented(folder: Path) -> None:
    peers = {"a.test": "127.0.0.1:0"}
    text = render(domain="hub.example", url="https://x.test", trust="ca.pem", peers_folder="peers", peers=peers)
    target = load(folder, re.sub(r"^# (?=[\"\[\] ]|\w+ = )", "", text, flags=re.MULTILINE))
    assert target.control is not None
    assert target.addresses
    assert [entry.type for entry in target.fixtures.users["bob"].profile] == ["handle", "oidcStdClaim", "email"]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """What `mimi-conformance init` leaves behind."""
    write_laboratory(tmp_path, ["a.test", "b.test"], "hub.example")
    return tmp_path


def test_a_url_with_a_ca_and_an_identity_is_description_enough(lab: Path) -> None:
    target = TargetDescription.for_url("https://hub.example:8443", lab / "ca.pem", lab / "peer" / "a.test")
    assert target.wire_only
    assert target.provider.domain == "hub.example"
    assert target.provider.address == ("hub.example", 8443)
    assert list(target.peers.domains) == ["a.test"]
    assert target.peers.reach is Reach.NONE


def test_every_identity_in_a_folder_is_a_peer(lab: Path) -> None:
    target = TargetDescription.for_url("https://hub.example:8443", lab / "ca.pem", lab / "peer")
    assert list(target.peers.domains) == ["a.test", "b.test"]


@pytest.mark.parametrize("folder", [".", "target/.."])
def test_a_folder_without_an_identity_is_named(lab: Path, folder: str) -> None:
    with pytest.raises(TargetError) as raised:
        TargetDescription.for_url("https://hub.example", lab / "ca.pem", lab / folder)
    [mistake] = raised.value.mistakes
    assert mistake.startswith(f"--identity: there is no chain.pem in {lab / folder}, nor in a folder in it")


def test_a_certificate_that_is_nobodys_is_named(tmp_path: Path) -> None:
    authority = CertificateAuthority.create()
    trust = authority.save(tmp_path)
    authority.issue(["*.test"], tmp_path / "peer")
    with pytest.raises(TargetError, match=r"--identity: .*chain.pem names no provider's domain"):
        TargetDescription.for_url("https://hub.example", trust, tmp_path / "peer")


def test_the_server_at_an_ip_address_is_asked_for_its_name(lab: Path) -> None:
    def name_of(address: Address, trust: Path, identity: Identity) -> str:
        assert address == ("127.0.0.1", 443)
        assert trust == lab / "ca.pem"
        assert identity.domains == ("a.test",)
        return "hub.example"

    target = TargetDescription.for_url("https://127.0.0.1", lab / "ca.pem", lab / "peer", name_of)
    assert target.provider.domain == "hub.example"
    assert target.provider.address == ("127.0.0.1", 443)
    with pytest.raises(TargetError, match="url: the provider's domain can't be told from an IP address"):
        TargetDescription.for_url("https://127.0.0.1", lab / "ca.pem", lab / "peer")


def test_each_mistake_on_the_command_line_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(TargetError) as raised:
        TargetDescription.for_url("http://hub.example", tmp_path / "ca.pem", tmp_path / "none")
    assert [mistake.partition(":")[0] for mistake in raised.value.mistakes] == ["url", "--ca", "--identity"]
    assert raised.value.place == "http://hub.example"
