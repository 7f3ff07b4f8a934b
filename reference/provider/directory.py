"""The directory document, which tells peers the URLs of the endpoints (PROTO 5.1)."""

import json
from http import HTTPStatus

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.provider.base import ProviderBase
from mimi_conformance.reference.provider.messages import Answer, Endpoint
from mimi_conformance.reference.provider.roles import serves


class DirectoryEndpoint(ProviderBase):
    """Answers for the directory; directory.schema.json describes the document."""

    def directory(self) -> dict[Endpoint, str]:
        """The URL template of each endpoint that is served, with the variables of PROTO 5.1 (AMB-013)."""
        return {
            endpoint: f"{self.settings.url}/{endpoint}/{{{code_points().endpoint(endpoint).variables[0]}}}"
            for endpoint in Endpoint
            if serves(self.settings.roles, endpoint)
        }

    def answer_to_directory(self) -> Answer:
        """The directory document."""
        document = json.dumps(self.directory(), indent=2)
        return Answer(HTTPStatus.OK, document.encode(), content_type="application/json")
