from mimi_conformance.mocks.network.network import Network
from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.mocks.peers.asset_host import AssetHost


def test_assets_are_served_to_anybody_and_each_request_is_on_record():
    with Network() as network:
        b = network.add_peer("b.example")
        identity = network.issue("assets.b.example")
        with AssetHost("assets.b.example", identity, network.recorder) as host:
            network.addresses[host.domain] = host.address
            cat, dog = host.keep(b"a cat", "image/png"), host.keep(b"a dog")
            page = host.on("/page", Reply(410, b"gone"))
            mark = network.recorder.mark()
            answers = [b.send("GET", url, anonymous=True) for url in (cat, dog, page, f"https://{host.domain}/else")]
            asked = [exchange.request_target for exchange in host.received(mark)]

    assert [(answer.status, answer.response_body) for answer in answers] == [
        (200, b"a cat"),
        (200, b"a dog"),
        (410, b"gone"),
        (404, b""),
    ]
    assert answers[0].response_header("content-type") == ("image/png",)
    assert asked == ["/1", "/2", "/page", "/else"]
