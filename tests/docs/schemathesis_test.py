"""usage: schemathesis_test.py ROOT BUILD_DIRECTORY [OPTION...]

Schemathesis makes requests of all kinds out of docs/openapi.yaml, right and wrong ones, and finds nothing that a real
gateway answers otherwise than the document says. More options go to schemathesis, such as --seed.
"""

import os
import subprocess
import sys
from pathlib import Path

from gateway import Gateway

HERE = Path(__file__).resolve().parent


def main(root, build, options):
    with Gateway(build) as gateway:
        command = [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", HERE / "schemathesis.toml", "run", root / "docs/openapi.yaml", "--url", gateway.url()),
            *("--header", f"Authorization: Bearer {gateway.token}"),
            *options,
        ]
        environment = os.environ | {"PYTHONPATH": str(HERE)}  # of its hooks
        status = subprocess.run(command, cwd=gateway.directory, env=environment, check=False).returncode
        alarms = gateway.alarms()
        for line in alarms:
            print(f"nginx's log: {line}")
        made = gateway.ctl("app", "count", "--org", "acme")["count"]
        print(f"{made} applications were made")
    return 1 if status or alarms or made == 0 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3:]))
