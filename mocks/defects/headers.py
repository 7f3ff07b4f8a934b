"""Defects of From and Host in requests that come in: whom a request is from, and whom it is for (PROTO 4.1)."""

from dataclasses import replace
from email.utils import parseaddr
from http import HTTPStatus

from cryptography import x509

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.certificate import provider_domains
from mimi_conformance.reference.provider.messages import PeerRequest, Refusal
from mimi_conformance.reference.provider.provider import Provider


def with_from(request: PeerRequest, *values: str) -> PeerRequest:
    """The same request with other From fields."""
    others = tuple(field for field in request.headers if field[0] != "from")
    return replace(request, headers=(*others, *(("from", value) for value in values)))


@defect("does-not-look-at-from", breaks=("PROTO-4.1-09", "PROTO-4.1-13"))
class DoesNotLookAtFrom(Provider):
    """Takes the name in the certificate for the source of a request, whatever From says."""

    def source_of(self, request: PeerRequest) -> str:
        return provider_domains(x509.load_der_x509_certificate(request.certificate or b""))[0]


@defect("takes-the-first-from", breaks=("PROTO-4.1-09",))
class TakesTheFirstFrom(Provider):
    """Looks at the first of several From fields."""

    def source_of(self, request: PeerRequest) -> str:
        return super().source_of(with_from(request, *request.header("from")[:1]))


@defect("takes-the-last-from", breaks=("PROTO-4.1-09",))
class TakesTheLastFrom(Provider):
    """Looks at the last of several From fields."""

    def source_of(self, request: PeerRequest) -> str:
        return super().source_of(with_from(request, *request.header("from")[-1:]))


@defect("reads-from-as-e-mail-does", breaks=("PROTO-4.1-09",))
class ReadsFromAsEMailDoes(Provider):
    """Takes a mailbox in From with a display name and angle brackets, and whatever local part."""

    def source_of(self, request: PeerRequest) -> str:
        domains = [parseaddr(value)[1].rpartition("@")[2] for value in request.header("from")]
        return super().source_of(with_from(request, *(f"mimi@{domain}" for domain in domains)))


@defect("looks-for-a-domain-in-from", breaks=("PROTO-4.1-09",))
class LooksForADomainInFrom(Provider):
    """Takes what stands behind the last @ in From for the source, whatever else there is."""

    def source_of(self, request: PeerRequest) -> str:
        domains = [value.rpartition("@")[2].strip("<>/ ") for value in request.header("from")]
        return super().source_of(with_from(request, *(f"mimi@{domain}" for domain in domains)))


@defect("does-not-look-at-host", breaks=("PROTO-4.1-05",))
class DoesNotLookAtHost(Provider):
    """Serves a request whoever it is for."""

    def check_host(self, request: PeerRequest) -> None:
        pass


@defect("compares-the-ends-of-hosts", breaks=("PROTO-4.1-05",))
class ComparesTheEndsOfHosts(Provider):
    """Serves requests for hosts whose names only end, or only begin, with its domain."""

    def check_host(self, request: PeerRequest) -> None:
        [host] = request.header("host")
        if not (host.startswith(self.domain) or host.endswith(self.domain)):
            super().check_host(request)


@defect("takes-the-port-for-a-part-of-the-name", breaks=("PROTO-4.1-04",))
class TakesThePortForAPartOfTheName(Provider):
    """Refuses a request whose Host has a port."""

    def check_host(self, request: PeerRequest) -> None:
        if request.header("host") != (self.domain,):
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, "Not served here.")
