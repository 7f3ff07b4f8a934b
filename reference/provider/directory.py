"""The directory document, which tells peers the URLs of the endpoints (PROTO 5.1)."""

import json
from http import HTTPStatus

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.provider.base import ProviderBase
from mimi_conformance.reference.provider.messages import Answer, Endpoint

SERVED = (
    Endpoint.KEY_MATERIAL,
    Endpoint.UPDATE,
    Endpoint.NOTIFY,
    Endpoint.SUBMIT_MESSAGE,
    Endpoint.GROUP_INFO,
    Endpoint.REQUEST_CONSENT,
    Endpoint.UPDATE_CONSENT,
    Endpoint.IDENTIFIER_QUERY,
    Endpoint.REPORT_ABUSE,
    Endpoint.PROXY_DOWNLOAD,
)
"""The endpoints of the roles that are played so far (AMB-017)."""


class DirectoryEndpoint(ProviderBase):
    """Answers for the directory; directory.schema.json describes the document."""

    def directory(self) -> dict[Endpoint, str]:
        """The URL template of each endpoint that is served, with the variables of PROTO 5.1 (AMB-013)."""
        return {
            endpoint: f"{self.settings.url}/{endpoint}/{{{code_points().endpoint(endpoint).variables[0]}}}"
            for endpoint in SERVED
        }

    def answer_to_directory(self) -> Answer:
        """The directory document."""
        document = json.dumps(self.directory(), indent=2)
        return Answer(HTTPStatus.OK, document.encode(), content_type="application/json")
