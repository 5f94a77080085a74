#!/usr/bin/env python3
"""Creates an application, with the standard library alone: create.py NAME

GATEWAY, ORGANIZATION and TOKEN say where, for whom, and with which key.
"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

REPEATED = {409, 425, 429, 503}
ATTEMPTS = 5


class Refused(Exception):
    def __init__(self, error):
        lines = [f"{error['code']} {error['message']}"]
        lines += [f"{one['pointer']}: {one['message']}" for one in error.get("data", {}).get("errors", [])]
        super().__init__("\n".join(lines))
        self.code = error["code"]


def create_application(application):
    request = urllib.request.Request(
        f"{os.environ['GATEWAY']}/v1/organizations/{os.environ['ORGANIZATION']}/apps",
        data=json.dumps(application).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['TOKEN']}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),  # the same in each attempt: however often it is sent, it creates once
        },
    )
    for attempt in range(1, ATTEMPTS + 1):
        seconds = 1
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as answer:
            refused = Refused(json.load(answer)["error"])
            if answer.code not in REPEATED or attempt == ATTEMPTS:
                raise refused from None
            seconds = int(answer.headers.get("Retry-After", seconds))
        except (OSError, http.client.HTTPException):  # no answer: nothing is known
            if attempt == ATTEMPTS:
                raise
        time.sleep(seconds)


if __name__ == "__main__":
    try:
        made = create_application({"name": sys.argv[1], "configuration": {"notificationLanguage": "en"}})
        print(made["id"], made["slug"])
    except (Refused, OSError, http.client.HTTPException) as problem:
        sys.exit(str(problem))
