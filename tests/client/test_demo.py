"""``mimi-conformance demo`` shows a newcomer each step of the draft's example."""

from click.testing import CliRunner

from mimi_conformance.command_line.demo import command


def test_the_demo_shows_each_step_its_exchanges_and_the_room_after_it():
    shown = CliRunner().invoke(command, catch_exceptions=False)
    assert shown.exit_code == 0
    steps = shown.output.split("(PROTO ")[1:]
    assert [step[:3] for step in steps] == ["3.1", "8) ", "3.2", "3.3", "3.4", "3.5", "3.5", "3.6", "3.4"]
    assert "a.example → b.example  notify  Welcome for 1 client → 201" in steps[2]
    assert "mimi://b.example/u/bob      ordinary_user      phone" in steps[2]
    assert "c.example → a.example  groupInfo  a client wants to join → 200 success" in steps[7]
    assert "phone, laptop, watch" in steps[7]
    assert "mimi://c.example/u/cathy said: Hello from my watch." in steps[8]
