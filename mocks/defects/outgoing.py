"""Defects of the requests that a provider sends to others (PROTO 4.1, 5.1)."""

import ssl
from collections.abc import Mapping
from pathlib import Path

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.mocks.defects.tls import NO_CHECK_TIME
from mimi_conformance.reference.provider.messages import Endpoint, Outgoing
from mimi_conformance.reference.provider.outgoing import PeerClient, PeerError
from mimi_conformance.reference.provider.url_template import expand


@defect("sends-no-from", breaks=("PROTO-4.1-02", "PROTO-4.1-06"))
class SendsNoFrom(PeerClient):
    """Does not say which provider a request comes from."""

    def headers(self, method: str, host: str) -> dict[str, str]:
        return {name: value for name, value in super().headers(method, host).items() if name != "From"}


@defect("sends-the-receiver-in-from", breaks=("PROTO-4.1-02", "PROTO-4.1-06", "ARCH-6-02"))
class SendsTheReceiverInFrom(PeerClient):
    """Names the provider that a request is for in From."""

    def headers(self, method: str, host: str) -> dict[str, str]:
        return super().headers(method, host) | {"From": f"mimi@{host}"}


@defect("sends-a-display-name", breaks=("PROTO-4.1-07",))
class SendsADisplayName(PeerClient):
    """Writes a display name and angle brackets around the address in From."""

    def headers(self, method: str, host: str) -> dict[str, str]:
        return super().headers(method, host) | {"From": f'"MIMI" <{self._from}>'}


@defect("sends-from-of-the-postmaster", breaks=("PROTO-4.1-08",))
class SendsFromOfThePostmaster(PeerClient):
    """Puts another local part than mimi into From."""

    def headers(self, method: str, host: str) -> dict[str, str]:
        return super().headers(method, host) | {"From": self._from.replace("mimi@", "postmaster@")}


@defect("sends-itself-in-host", breaks=("PROTO-4.1-02", "PROTO-4.1-03"))
class SendsItselfInHost(PeerClient):
    """Puts its own domain into Host."""

    def headers(self, method: str, host: str) -> dict[str, str]:
        return super().headers(method, host) | {"Host": self._from.partition("@")[2]}


@defect("shows-no-certificate", breaks=("PROTO-4.1-14",))
class ShowsNoCertificate(PeerClient):
    """Sends requests without a client certificate."""

    def authenticate(self, context: ssl.SSLContext, certificate_chain: Path, private_key: Path) -> None:
        pass


@defect("verifies-no-server", breaks=("PROTO-4.1-12",))
class VerifiesNoServer(PeerClient):
    """Talks to whatever server answers, with any certificate."""

    def tls_context(self, authorities: Path) -> ssl.SSLContext:
        context = super().tls_context(authorities)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


@defect("does-not-compare-server-names", breaks=("PROTO-4.1-12",))
class DoesNotCompareServerNames(PeerClient):
    """Talks to every server with a certificate that it trusts, also when that is for another domain."""

    def tls_context(self, authorities: Path) -> ssl.SSLContext:
        context = super().tls_context(authorities)
        context.check_hostname = False
        return context


@defect("has-no-clock-for-servers", breaks=("PROTO-4.1-12",))
class HasNoClockForServers(PeerClient):
    """Talks to servers whose certificates have expired or are not valid yet."""

    def tls_context(self, authorities: Path) -> ssl.SSLContext:
        context = super().tls_context(authorities)
        context.verify_flags |= NO_CHECK_TIME
        return context


@defect("assumes-its-own-urls", breaks=("PROTO-5.1-03",))
class AssumesItsOwnUrls(PeerClient):
    """Takes for granted that others have their endpoints where it has its own."""

    async def url(self, outgoing: Outgoing) -> str:
        template = f"https://{outgoing.provider}/v1/{outgoing.endpoint}/{{subject}}"
        return expand(template, outgoing.subject)


@defect("reads-only-paths-of-a-directory", breaks=("PROTO-5.1-03",))
class ReadsOnlyPathsOfADirectory(PeerClient):
    """Uses the paths in a directory, but on the host of the provider's own name."""

    async def url(self, outgoing: Outgoing) -> str:
        _, _, path = (await super().url(outgoing)).removeprefix("https://").partition("/")
        return f"https://{outgoing.provider}/{path}"


@defect("chokes-on-unknown-members", breaks=("PROTO-5.1-15",))
class ChokesOnUnknownMembers(PeerClient):
    """Can't use a directory that has a member it does not know."""

    async def directory(self, provider: str) -> Mapping[str, object]:
        members = await super().directory(provider)
        if unknown := members.keys() - set(Endpoint):
            raise PeerError(f"The directory of {provider} has {', '.join(unknown)}.")
        return members


@defect("calls-plain-http", breaks=("PROTO-4.1-01",))
class CallsPlainHttp(PeerClient):
    """Sends a request without TLS when a directory has a URL that is not https."""

    async def template(self, outgoing: Outgoing) -> str:
        return str((await self.directory(outgoing.provider))[outgoing.endpoint])
