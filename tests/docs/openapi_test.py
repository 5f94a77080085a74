"""usage: openapi_test.py ROOT BUILD_DIRECTORY

docs/openapi.yaml is a valid document, and what it shows is what a real gateway answers: for each example of each response
there is a request below, whose answer has the example's status, its JSON to the last byte (but for ids and times that
are new), its headers, and fits its schema.
"""

import copy
import json
import re
import sys
from pathlib import Path

import yaml
from gateway import Gateway
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

HEAD = b"POST /v1/organizations/acme/apps HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"


def broken_chunk(gateway):
    token = gateway.token.encode()
    return gateway.raw(HEAD + b"Authorization: Bearer " + token + b"\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")


def too_large(gateway):
    return gateway.raw(HEAD + b"Content-Length: 1048577\r\n\r\n")


def second_of_two(gateway, server):
    gateway.create(server=server)
    return gateway.create(server=server)


def key_reused(gateway):
    gateway.create({"name": "One"}, headers={"Idempotency-Key": "openapi"})
    return gateway.create({"name": "Other"}, headers={"Idempotency-Key": "openapi"})


def large_read(gateway, rest):
    head = f"GET /v1/organizations/shown/apps{rest} HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1048577\r\n\r\n"
    return gateway.raw(head.encode())


def show(gateway, rest):
    """What `rest` says of an organization with two applications."""
    if gateway.read("/field-service").status == 404:
        gateway.create({"name": "Older"}, organization="shown", token=gateway.token_of_shown)
        gateway.create({"name": "Field Service"}, organization="shown", token=gateway.token_of_shown)
    return gateway.read(rest)


def second_read(gateway, server, rest):
    gateway.read(rest, server=server)
    return gateway.read(rest, server=server)


UNKNOWN_PROVIDER = {"name": "App", "configuration": {"storageProvider": "507f1f77bcf86cd7994390ff"}}
VIOLATIONS = {"configuration": {"notificationLanguage": "xx"}, "metadata": []}

# (status, example) → the request that gets it. `whole` is the body that the document shows.
CREATE = {
    ("200", "created"): lambda g, whole: g.create(whole),
    ("200", "validated"): lambda g, _: g.create({"name": "Field Service"}, query="?validateOnly=true"),
    ("400", "violations"): lambda g, _: g.create(VIOLATIONS),
    ("400", "missing"): lambda g, _: g.create({}),
    ("400", "malformed"): lambda g, _: g.create(b'{"name": @}'),
    ("400", "query"): lambda g, _: g.create(query="?validateOnly=yes"),
    ("400", "header"): lambda g, _: g.create(headers={"Idempotency-Key": "two words"}),
    ("400", "limit"): lambda g, _: g.create(organization="full", token=g.token_of_full),
    ("400", "provider"): lambda g, _: g.create(UNKNOWN_PROVIDER),
    ("400", "broken"): lambda g, _: broken_chunk(g),
    ("401", "unusable"): lambda g, _: g.create(token="unknown"),
    ("401", "scope"): lambda g, _: g.create(token=g.token_without_permission),
    ("401", "missing"): lambda g, _: g.create(headers={"Authorization": None}),
    ("403", "denied"): lambda g, _: g.create(server="denied"),
    ("404", "organization"): lambda g, _: g.create(organization="full"),
    ("405", "method"): lambda g, _: g.create(method="PUT"),
    ("409", "running"): lambda g, _: g.create(server="conflict"),
    ("413", "large"): lambda g, _: too_large(g),
    ("415", "type"): lambda g, _: g.create(headers={"Content-Type": "text/plain"}),
    ("415", "encoding"): lambda g, _: g.create(headers={"Content-Encoding": "gzip"}),
    ("422", "reused"): lambda g, _: key_reused(g),
    ("425", "early"): lambda g, _: g.create(headers={"Early-Data": "1"}),
    ("429", "limited"): lambda g, _: second_of_two(g, "limited"),
    ("500", "bug"): lambda g, _: g.create(server="bug"),
    ("503", "busy"): lambda g, _: second_of_two(g, "busy"),
    ("503", "database"): lambda g, _: g.create(server="away"),
    ("default", "other"): lambda g, _: g.create(server="other"),
}


def reads(rest, missing):
    """The same of either operation that reads; `rest` stands behind the path of the list."""
    return {
        ("401", "unusable"): lambda g, _: g.read(rest, token="unknown"),
        ("401", "scope"): lambda g, _: g.read(rest, organization="acme", token=g.token_without_permission),
        ("401", "missing"): lambda g, _: g.read(rest, headers={"Authorization": None}),
        ("403", "denied"): lambda g, _: g.read(rest, server="denied"),
        ("404", "organization"): lambda g, _: g.read(rest, organization="full"),
        ("405", "method"): lambda g, _: g.read(rest, method="PUT"),
        ("413", "large"): lambda g, _: large_read(g, rest),
        ("429", "limited"): lambda g, _: second_read(g, "limited", rest),
        ("500", "bug"): lambda g, _: g.read(rest, server="bug"),
        ("503", "busy"): lambda g, _: second_read(g, "busy", rest),
        ("503", "database"): lambda g, _: g.read(rest, server="away"),
        ("default", "other"): lambda g, _: g.read(rest, server="other"),
    } | missing


ASK = {
    "createApplication": CREATE,
    "listApplications": reads(
        "",
        {
            ("200", "page"): lambda g, _: show(g, "?limit=1"),
            ("200", "last"): lambda g, _: g.read(organization="full", token=g.token_of_full),
            ("400", "limit"): lambda g, _: g.read("?limit=0"),
            ("400", "cursor"): lambda g, _: g.read("?cursor=" + "A" * 20),
        },
    ),
    "getApplication": reads(
        "/field-service",
        {
            ("200", "application"): lambda g, _: show(g, "/field-service"),
            ("404", "application"): lambda g, _: g.read("/nobody"),
        },
    ),
}


class Document:
    def __init__(self, path):
        self.tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        validate(self.tree)
        resource = Resource.from_contents(self.tree, default_specification=DRAFT202012)
        self.registry = Registry().with_resource("urn:openapi", resource)
        self.operations = [one for path in self.tree["paths"].values() for one in path.values()]

    def resolve(self, node):
        while "$ref" in node:
            found = self.tree
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def errors(self, schema, value):
        schema = copy.deepcopy(schema)
        if "$ref" in schema:
            schema = {"$ref": "urn:openapi" + schema["$ref"]}
        checker = Draft202012Validator(schema, registry=self.registry)
        return [f"{one.json_path}: {one.message[:200]}" for one in checker.iter_errors(value)]

    def examples(self):
        for operation in self.operations:
            for status, response in operation["responses"].items():
                response = self.resolve(response)
                media = response["content"]["application/json"]
                for name, example in media["examples"].items():
                    yield operation["operationId"], status, name, response, media["schema"], example["value"]


def normalized(text, example):
    """The answer with the example's id, times and cursor, which are new in each."""
    data = example.get("data", {})
    for record in (data, *data.get("applications", [])):
        for field in ("id", "createdAt", "updatedAt", "nextCursor"):
            if field in record:
                text = re.sub(rf'"{field}":"[\w:.-]+"', f'"{field}":"{record[field]}"', text, count=1)
    return text


def check_answer(document, status, response, schema, example, answer):
    if status != "default" and answer.status != int(status):
        yield f"was answered with {answer}"
        return
    if answer.headers["Content-Type"] != "application/json; charset=utf-8":
        yield f"Content-Type is {answer.headers['Content-Type']}"
    expected = json.dumps(example, ensure_ascii=False, separators=(",", ":"))
    if normalized(answer.body, example) != expected:
        yield f"shows\n  {expected}\nand is answered with\n  {answer.body}"
    yield from document.errors(schema, json.loads(answer.body))
    for name, header in response["headers"].items():
        header = document.resolve(header)
        if name in answer.headers:
            yield from (f"{name}: {one}" for one in document.errors(header["schema"], answer.headers[name]))
        elif header.get("required"):
            yield f"has no {name}"


def main(root, build):
    document = Document(root / "docs/openapi.yaml")
    create = next(one for one in document.operations if one["operationId"] == "createApplication")
    bodies = create["requestBody"]["content"]["application/json"]
    faults = []
    for name, example in bodies["examples"].items():
        faults += [f"the body {name}: {one}" for one in document.errors(bodies["schema"], example["value"])]
    whole = bodies["examples"]["whole"]["value"]

    seen = set()
    with Gateway(build) as gateway:
        for operation, status, name, response, schema, example in document.examples():
            what = f"{operation} {status} {name}"
            seen.add((operation, status, name))
            if (status, name) not in ASK.get(operation, {}):
                faults.append(f"{what}: openapi_test.py knows no request that gets it")
                continue
            answer = ASK[operation][status, name](gateway, whole)
            found = check_answer(document, status, response, schema, example, answer)
            faults += [f"{what} {fault}" for fault in found]
        faults += [f"nginx's log: {line}" for line in gateway.alarms()]
    known = {(operation, *key) for operation, requests in ASK.items() for key in requests}
    faults += [f"{' '.join(one)} is no example of docs/openapi.yaml" for one in sorted(known - seen)]

    for fault in faults:
        print(fault)
    print(f"{len(seen)} examples, {len(faults)} wrong")
    return 1 if faults or not seen else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
