import threading
from dataclasses import replace

from mimi_conformance.mocks.network.exchange import Direction, Exchange, Failure
from mimi_conformance.mocks.network.recorder import Recorder, new_exchange_id


def exchange(**changes):
    values = {
        "id": new_exchange_id("b.example"),
        "direction": Direction.TO_PEER,
        "peer": "b.example",
        "method": "POST",
        "url": "https://b.example/v1/notify/x",
        "request_target": "/v1/notify/x",
        "request_headers": (("From", "mimi@a.example"), ("from", "mimi@c.example")),
        "request_body": b"",
        "started": 0.0,
    }
    return Exchange(**(values | changes))


def test_since_gives_only_what_came_after_the_mark():
    recorder = Recorder()
    recorder.record(exchange(endpoint="directory"))
    mark = recorder.mark()
    later = exchange(endpoint="notify")
    recorder.record(later)

    assert recorder.since(mark) == (later,)
    assert len(recorder.exchanges) == 2


def test_an_ended_exchange_takes_the_place_it_had_when_it_began():
    recorder = Recorder()
    first, second = exchange(), exchange()
    recorder.record(first)
    recorder.record(second)
    ended = replace(first, status=201, ended=1.0)
    recorder.record(ended)

    assert recorder.exchanges == (ended, second)


def test_waiting_ends_when_another_thread_records_what_is_waited_for():
    recorder = Recorder()
    wanted = exchange(endpoint="notify")
    records = [exchange(endpoint="directory"), wanted]
    thread = threading.Thread(target=lambda: [recorder.record(each) for each in records])
    thread.start()

    found = recorder.wait_for(lambda each: each.endpoint == "notify", 5)

    thread.join()
    assert found == wanted


def test_waiting_sees_an_exchange_again_when_it_has_ended():
    recorder = Recorder()
    arrived = exchange()
    recorder.record(arrived)
    thread = threading.Thread(target=lambda: recorder.record(replace(arrived, status=201, ended=1.0)))
    thread.start()

    found = recorder.wait_for(lambda each: each.finished, 5)

    thread.join()
    assert found is not None
    assert found.status == 201


def test_waiting_for_what_does_not_come_gives_none_at_the_deadline():
    recorder = Recorder()
    recorder.record(exchange())

    assert recorder.wait_for(lambda _: False, 0.01) is None


def test_waiting_ignores_what_came_before_the_mark():
    recorder = Recorder()
    recorder.record(exchange())

    assert recorder.wait_for(lambda _: True, 0.01, since=recorder.mark()) is None


def test_many_threads_lose_nothing():
    recorder = Recorder()
    threads = [threading.Thread(target=lambda: [recorder.record(exchange()) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(recorder.exchanges) == 200


def test_header_fields_are_found_without_case_and_in_order():
    assert exchange().request_header("FROM") == ("mimi@a.example", "mimi@c.example")
    assert exchange().response_header("Retry-After") == ()


def test_refusal_in_transport_is_an_alert_or_an_early_end():
    refused = {failure for failure in Failure if exchange(failure=failure).refused_in_transport}

    assert refused == {Failure.TLS_REFUSED, Failure.CLOSED_EARLY}
