"""Users of our providers, with MLS clients of their own (RFC 9420, section 5; AMB-024)."""


class PeerUser:
    """A user of the provider at ``domain``."""

    def __init__(self, domain: str, name: str) -> None:
        self.domain = domain
        self.name = name
