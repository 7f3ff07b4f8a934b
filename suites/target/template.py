"""The ``target.toml`` that ``mimi-conformance init`` writes: it loads as it stands, and has every key.

No files; init writes what this renders.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files

from mimi_conformance.suites.target.sections import FEATURES, Reach, Settings

_TEMPLATE = files("mimi_conformance.suites.target") / "template.toml"
_NO_CONTROL = '''# [control]
# url = "http://127.0.0.1:9000"
# token = "a secret of your choice"'''


def render(
    *,
    domain: str,
    url: str,
    trust: str,
    peers_folder: str,
    peers: Mapping[str, str],
    reach: Reach = Reach.NONE,
    control_url: str | None = None,
    control_token: str | None = None,
) -> str:
    """The text of a ``target.toml``.

    Args:
        domain: the provider domain of the server under test.
        url: where it is reached, ``https://HOST[:PORT]``.
        trust: PEM file of the authorities of its certificate, relative to the file that is written.
        peers_folder: folder with the authority of our peers, relative likewise.
        peers: each peer's domain -> the ``IP:PORT`` that it listens on.
        reach: how the server finds our peers; HOST_MAP needs ``control_url``.
        control_url: where its control interface answers, when it has one.
        control_token: the bearer token that the control interface asks for.
    """
    return _TEMPLATE.read_text(encoding="utf-8").format(
        domain=domain,
        domains=_string(domain),
        url=_string(url),
        trust=_string(trust),
        features="\n".join(f"  {_string(name) + ',':<24} # {meaning}" for name, meaning in FEATURES.items()),
        folder=_string(peers_folder),
        reach=_string(reach),
        peers="\n".join(f"{_string(name)} = {_string(address)}" for name, address in peers.items()),
        settings="\n".join(_assignment(field.name, field.default) for field in fields(Settings)),
        control=_control(control_url, control_token),
    )


def _control(url: str | None, token: str | None) -> str:
    if url is None:
        return _NO_CONTROL
    lines = ["[control]", f"url = {_string(url)}"]
    return "\n".join(lines if token is None else [*lines, f"token = {_string(token)}"])


def _assignment(key: str, default: object) -> str:
    value = _string(default) if isinstance(default, str) else f"{default}"
    return f"{key} = {value}"


def _string(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(text, ensure_ascii=False)
