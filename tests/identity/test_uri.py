import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri

NAMES = st.text(min_size=1, max_size=12).filter(lambda name: name not in {".", ".."})
ENCODABLE_NAMES = NAMES.filter(lambda name: not any("\ud800" <= character <= "\udfff" for character in name))
DOMAINS = st.sampled_from(["a.example", "xn--mnchen-3ya.example", "local.invalid", "localhost", "a-b.c1.example"])
URIS = st.one_of(
    DOMAINS.map(MimiUri.of_provider),
    st.builds(MimiUri.client, DOMAINS, ENCODABLE_NAMES),
    st.builds(MimiUri.client, DOMAINS, ENCODABLE_NAMES, ENCODABLE_NAMES),
    *(
        st.builds(make, DOMAINS, ENCODABLE_NAMES)
        for make in (MimiUri.user, MimiUri.pseudonym, MimiUri.room, MimiUri.group, MimiUri.team)
    ),
)


@pytest.mark.parametrize(
    ("text", "kind", "path"),
    [
        ("mimi://a.example", IdentifierType.PROVIDER, ()),
        ("mimi://a.example/u/alice", IdentifierType.USER, ("alice",)),
        ("mimi://a.example/p/crazykoala75", IdentifierType.PSEUDONYM, ("crazykoala75",)),
        ("mimi://a.example/d/ClientA1", IdentifierType.CLIENT, ("ClientA1",)),
        ("mimi://a.example/d/alice/ClientA1", IdentifierType.CLIENT, ("alice", "ClientA1")),
        ("mimi://a.example/r/clubhouse", IdentifierType.ROOM, ("clubhouse",)),
        ("mimi://a.example/g/TII9t5viBrXiXc", IdentifierType.GROUP, ("TII9t5viBrXiXc",)),
        ("mimi://a.example/t/engineering", IdentifierType.TEAM, ("engineering",)),
        ("mimi://a.example/u/jcapulet1583@example.com", IdentifierType.USER, ("jcapulet1583@example.com",)),
    ],
)
def test_every_example_of_the_drafts_is_understood(text: str, kind: IdentifierType, path: tuple[str, ...]) -> None:
    uri = MimiUri.parse(text.encode())
    assert (uri.provider, uri.type, uri.path) == ("a.example", kind, path)
    assert str(uri) == text


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", "does not begin with mimi://", 0),
        ("im:alice@a.example", "does not begin with mimi://", 0),
        ("MIMI://a.example/u/alice", "lower case", 0),
        ("mimi:///u/alice", "it is empty", 7),
        ("mimi://A.example/u/alice", "upper case", 7),
        ("mimi://a.example./u/alice", "ends in a dot", 16),
        ("mimi://b@a.example/u/alice", "user information", 8),
        ("mimi://a.example:443/u/alice", "without a port", 16),
        ("mimi://[::1]/u/alice", "'['", 7),
        ("mimi://192.0.2.1/u/alice", "IP addresses", 15),
        ("mimi://a%2Eexample/u/alice", "'%'", 8),
        ("mimi://a.example?x", "no query", 16),
        ("mimi://a.example#x", "no fragment", 16),
        ("mimi://a.example/", "slash that nothing follows", 16),
        ("mimi://a.example//u/alice", "begins with ''", 17),
        ("mimi://a.example/b/bob", "begins with 'b'", 17),
        ("mimi://a.example/U/alice", "begins with 'U'", 17),
        ("mimi://a.example/u", "here are 0", 17),
        ("mimi://a.example/u/", "empty", 19),
        ("mimi://a.example/u/alice/", "here are 2", 17),
        ("mimi://a.example/d/alice/", "empty", 25),
        ("mimi://a.example/d/alice/A1/x", "one or two segments, and here are 3", 17),
        ("mimi://a.example/u/alice?x", "no query", 24),
        ("mimi://a.example/u/alice#x", "no fragment", 24),
        ("mimi://a.example/u/al%2", "percent sign", 21),
        ("mimi://a.example/u/al%gg", "percent sign", 21),
        ("mimi://a.example/u/al ice", "' '", 21),
        ("mimi://a.example/u/al\0ice", "percent-encoded", 21),
        ("mimi://a.example/u/alic\u00e9", "not ASCII", 23),
        ("mimi://a.example/u/..", "dot segment", 19),
        ("mimi://a.example/u/%2e%2E", "dot segment", 19),
    ],
)
def test_what_is_wrong_with_an_identifier_is_said_with_its_place(text: str, reason: str, position: int) -> None:
    with pytest.raises(IdentifierError) as caught:
        MimiUri.parse(text)
    assert reason in str(caught.value)
    assert (caught.value.value, caught.value.position) == (text, position)


def test_comparison_is_byte_exact() -> None:
    assert MimiUri("mimi://a.example/u/alice") == MimiUri.user("a.example", "alice")
    assert MimiUri("mimi://a.example/u/%61lice") != MimiUri("mimi://a.example/u/alice")
    assert MimiUri("mimi://a.example/u/a%2f") != MimiUri("mimi://a.example/u/a%2F")
    assert len({MimiUri("mimi://a.example/u/alice"), MimiUri("mimi://a.example/u/alice")}) == 1


def test_names_are_percent_encoded_where_they_need_it() -> None:
    assert str(MimiUri.user("a.example", "Zoë/100%")) == "mimi://a.example/u/Zo%C3%AB%2F100%25"
    assert str(MimiUri.client("a.example", "a@b", "c:d")) == "mimi://a.example/d/a@b/c:d"


@pytest.mark.parametrize("name", ["", ".", "..", "\ud800"])
def test_names_that_no_uri_can_carry_are_refused(name: str) -> None:
    with pytest.raises(IdentifierError):
        MimiUri.user("a.example", name)


def test_a_client_takes_one_or_two_names() -> None:
    for names in ((), ("a", "b", "c")):
        with pytest.raises(IdentifierError):
            MimiUri.client("a.example", *names)


def test_only_a_client_uri_of_two_segments_names_its_user() -> None:
    assert MimiUri("mimi://a.example/d/al%20ice/A1").user_of_client() == MimiUri("mimi://a.example/u/al%20ice")
    for text in ("mimi://a.example/d/A1", "mimi://a.example/u/alice", "mimi://a.example"):
        assert MimiUri(text).user_of_client() is None


def test_pseudonyms_count_as_users() -> None:
    naming_users = [kind for kind in "updrgt" if MimiUri(f"mimi://a.example/{kind}/x").names_user]
    assert naming_users == ["u", "p"]


@given(URIS)
def test_a_uri_survives_its_text_and_its_bytes(uri: MimiUri) -> None:
    assert MimiUri.parse(str(uri)) == uri
    assert MimiUri.parse(bytes(uri)) == uri


@given(st.one_of(st.text(), st.text().map(lambda text: "mimi://" + text), st.binary()))
@example(b"mimi://a.example/u/\xff")
@example("mimi://xn--/u/a")
def test_any_input_is_a_uri_or_an_identifier_error(text: str | bytes) -> None:
    try:
        spoken_of, position = MimiUri.parse(text).text, 0
    except IdentifierError as error:
        spoken_of, position = error.value, error.position or 0
    assert spoken_of == (text if isinstance(text, str) else text.decode("latin-1"))
    assert 0 <= position <= len(spoken_of)


@given(uri=URIS, data=st.data())
def test_a_mutated_uri_is_refused_or_another_uri(uri: MimiUri, data: st.DataObject) -> None:
    text = str(uri)
    position = data.draw(st.integers(0, len(text) - 1))
    replacement = data.draw(st.text("aA0%/?#@:.-\u00e9 ", max_size=2).filter(lambda new: new != text[position]))
    mutated = text[:position] + replacement + text[position + 1 :]
    try:
        other = MimiUri.parse(mutated)
    except IdentifierError:
        return
    assert str(other) == mutated
    assert other != uri
