"""The URLs of assets: one reading of each, and none of what programs disagree about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.provider.asset_url import AssetUrl, AssetUrlError
from mimi_conformance.reference.provider.url_template import expand, match

TEMPLATE = "https://a.example/v1/proxyDownload/{downloadUrl}"


@pytest.mark.parametrize(
    ("text", "host", "target"),
    [
        ("https://assets.b.example/1", "assets.b.example", "/1"),
        ("HTTPS://Assets.B.Example/Cat", "assets.b.example", "/Cat"),
        ("https://assets.b.example", "assets.b.example", "/"),
        ("https://assets.b.example?k=v", "assets.b.example", "/?k=v"),
        ("https://assets.b.example:443/1", "assets.b.example", "/1"),
        ("https://assets.b.example:/1", "assets.b.example", "/1"),
        ("https://assets.b.example//1/../2/%2e%2E/;p=(a)@:?q=/?&x=%00", "assets.b.example", None),
        ("https://xn--bcher-kva.example/1", "xn--bcher-kva.example", "/1"),
    ],
)
def test_what_is_the_url_of_an_asset(text, host, target):
    url = AssetUrl.parse(text)
    assert (url.host, url.target) == (host, text.partition(host)[2] if target is None else target)
    assert AssetUrl.parse(str(url)) == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "form"),
        ("assets.b.example/1", "form"),
        ("//assets.b.example/1", "form"),
        ("https:assets.b.example/1", "form"),
        ("https:/assets.b.example/1", "form"),
        ("https:///assets.b.example/1", "form"),
        ("http://assets.b.example/1", "scheme"),
        ("ftp://assets.b.example/1", "scheme"),
        ("file:///etc/passwd", "form"),
        ("https://assets.b.example@evil.example/1", "form"),
        ("https://user:password@assets.b.example/1", "form"),
        ("https://evil.example\\@assets.b.example/1", "form"),
        ("https://evil.example#@assets.b.example/1", "form"),
        ("https://assets.b.example#evil", "form"),
        ("https://assets.b.example/1#fragment", "form"),
        ("https://assets.b.example:8443/1", "port is 8443"),
        ("https://assets.b.example:0/1", "port is 0"),
        ("https://assets.b.example:0443/1", "port is 0443"),
        ("https://assets.b.example:443:22/1", "form"),
        ("https://assets.b.example:22@evil.example/1", "form"),
        ("https://assets.b.example./1", "ends in a dot"),
        ("https://.assets.b.example/1", "empty label"),
        ("https://assets%2eb.example/1", "form"),
        ("https://assets.b.example%2f@evil.example/1", "form"),
        ("https://assets.b.example%00.evil.example/1", "form"),
        ("https://assets\u3002b.example/1", "form"),
        ("https://\u24d0ssets.b.example/1", "form"),
        ("https://127.0.0.1/1", "IP addresses"),
        ("https://127.1/1", "IP addresses"),
        ("https://2130706433/1", "IP addresses"),
        ("https://0177.0.0.01/1", "IP addresses"),
        ("https://[::1]/1", "form"),
        ("https://[::ffff:127.0.0.1]/1", "form"),
        ("https://[fe80::1%25eth0]/1", "form"),
        ("https://assets.b.example/a b", "form"),
        ("https://assets.b.example/\r\nHost: evil.example", "form"),
        ("https://assets.b.example/%zz", "form"),
        ("https://assets.b.example/%", "form"),
        ("https://assets.b.example/\\..\\", "form"),
        ("https://assets.b.example/é", "form"),
        (" https://assets.b.example/1", "form"),
        ("https://assets.b.example/1\n", "form"),
        ("https://assets_.b.example/1", "form"),
        ("https://-assets.b.example/1", "hyphen"),
        (f"https://{'a' * 64}.example/1", "64 characters"),
    ],
)
def test_what_is_none(text, reason):
    with pytest.raises(AssetUrlError, match=reason):
        AssetUrl.parse(text)


@given(st.text(max_size=40) | st.text("https:/@#?%[]\\.0127ae", max_size=30).map("https://{}".format))
def test_any_text_is_one_or_an_error(text):
    try:
        url = AssetUrl.parse(text)
    except AssetUrlError as error:
        assert repr(text) in str(error)  # noqa: PT017  # whether it is raised is what differs
        return
    assert AssetUrl.parse(str(url)) == url


@given(st.text("/?#%@:&=;,é \\", max_size=20).map("https://assets.b.example/{}".format))
def test_a_url_survives_its_place_in_another(text):
    assert match(TEMPLATE, expand(TEMPLATE, text).removeprefix("https://a.example")) == text


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/2", "https://assets.b.example/2"),
        ("2?q", "https://assets.b.example/folder/2?q"),
        ("../2", "https://assets.b.example/2"),
        ("//other.b.example/2", "https://other.b.example/2"),
        ("https://other.b.example/2", "https://other.b.example/2"),
    ],
)
def test_a_reference_is_resolved(reference, url):
    assert str(AssetUrl.parse("https://assets.b.example/folder/1").joined(reference)) == url


@pytest.mark.parametrize(
    "reference",
    ["http://assets.b.example/2", "//user@assets.b.example/", "/\\evil.example", "https://[", "javascript:x"],
)
def test_a_reference_to_what_is_no_asset_is_an_error(reference):
    with pytest.raises(AssetUrlError):
        AssetUrl.parse("https://assets.b.example/1").joined(reference)
