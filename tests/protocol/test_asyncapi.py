"""docs/asyncapi.yaml read by others' eyes: a YAML parser, AsyncAPI's own schema, and a validator of JSON Schema."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from edge.core.errors import DoorstepError
from tests.assets import make_protocol_vectors as vectors
from tools.protocol.__main__ import DOCS
from tools.protocol.asyncapi_schema import schema

PLAIN = {
    "status_online": "UnitStatus",
    "status_offline": "UnitStatus",
    "bundle_chunk_line": "ChunkHeader",
    "evidence_chunk_line": "ChunkHeader",
    "parcel_line": "ParcelHeader",
}
CONTENTS = {
    "visit_list": "VisitListChange",
    "visit_list_delta": "VisitListChange",
    "command": "Command",
    "decision": "Decision",
    "policy": "PolicyFile",
    "bundle_offer": "BundleOffer",
    "release_offer": "ReleaseOffer",
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(vectors.TARGET.read_bytes())
    return read


@pytest.fixture(scope="module")
def official() -> jsonschema.Draft7Validator:
    try:
        return jsonschema.Draft7Validator(schema())
    except DoorstepError as e:
        pytest.skip(e.message)


def test_document_is_asyncapi_3(official: jsonschema.Draft7Validator, document: dict[str, Any]) -> None:
    official.validate(document)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("info"),
        lambda d: d.update(asyncapi="2.6.0"),
        lambda d: d["operations"]["receiveRecords"]["bindings"]["mqtt"].update(qos=7),
        lambda d: d["channels"]["records"].update(adress="misspelt"),
        lambda d: d["operations"]["receiveRecords"].update(action="publish"),
        lambda d: d["components"]["messages"]["status"].update(payload=7),
    ],
)
def test_document_that_is_not_is_told(
    official: jsonschema.Draft7Validator, document: dict[str, Any], spoil: Callable[[dict[str, Any]], object]
) -> None:
    spoilt = copy.deepcopy(document)
    spoil(spoilt)
    assert not official.is_valid(spoilt)


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for child in value.values() for found in references(child)]
    return [found for child in value for found in references(child)] if isinstance(value, list) else []


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)
    assert found
    for reference in found:
        place: Any = document
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]


def checked(document: dict[str, Any], name: str) -> jsonschema.Draft202012Validator:
    """A validator of one of the document's schemas, its own references resolved within the document."""
    return jsonschema.Draft202012Validator({**document, "$ref": f"#/components/schemas/{name}"})


def test_known_answers_fit_the_schemas(document: dict[str, Any], kept: dict[str, Any]) -> None:
    by_type = {
        payload_type: message["x-signed"]["$ref"].rsplit("/", 1)[1]
        for message in document["components"]["messages"].values()
        for payload_type in message.get("x-types", ())
    }
    for name, entry in kept["envelopes"].items():
        envelope = msgspec.json.decode(entry["envelope"])
        checked(document, "Envelope").validate(envelope)
        payload = msgspec.json.decode(base64.b64decode(envelope["payload"]))
        checked(document, by_type[envelope["payloadType"]]).validate(payload)
        assert not checked(document, by_type[envelope["payloadType"]]).is_valid({}), name
    for name, wanted in PLAIN.items():
        checked(document, wanted).validate(msgspec.json.decode(kept["plain"][name]))
    for name, wanted in CONTENTS.items():
        checked(document, wanted).validate(msgspec.json.decode(kept["contents"][name]))
    assert set(kept["plain"]) == set(PLAIN) and set(kept["contents"]) == set(CONTENTS)
