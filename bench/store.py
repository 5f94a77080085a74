"""Stores as every side finds them: one organization with a default provider, and two keys."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from process import run

OWNER = "507f1f77bcf86cd799439016"


@dataclass
class Store:
    path: Path
    organization: str
    token: str       # may create
    idle_token: str  # known, without the permission

    @property
    def uri(self):
        return f"sqlite:{self.path}"

    def copy_to(self, folder):
        """A copy; nothing may have it open."""
        folder.mkdir(parents=True)
        for suffix in ("", "-wal"):
            if Path(f"{self.path}{suffix}").exists():
                shutil.copyfile(f"{self.path}{suffix}", folder / f"{self.path.name}{suffix}")
        return Store(folder / self.path.name, self.organization, self.token, self.idle_token)


def make(build, folder):
    folder.mkdir(parents=True)
    path = folder / "apps.db"

    def appctl(*words):
        return run([build / "appctl", "--store", f"sqlite:{path}", "--json", *words])

    def key(*words):
        return json.loads(appctl("key", "create", "--org", "bench", "--owner", OWNER, *words))["token"]

    appctl("init")
    organization = json.loads(appctl("org", "create", "--name", "Bench", "--slug", "bench"))["id"]
    appctl("provider", "create", "--org", "bench", "--name", "AWS S3 Production Bucket", "--provider", "aws-s3",
           "--region", "eu-west-1", "--config", '{"bucket":"production-app-storage"}', "--default")
    return Store(path, organization, key("--role", "org.admin"), key("--permission", "none"))
