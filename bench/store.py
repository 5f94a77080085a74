"""Stores as every side finds them: one organization with a default provider, and two keys."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from process import run

OWNER = "507f1f77bcf86cd799439016"


@dataclass(frozen=True)
class Store:
    uri: str
    organization: str
    token: str       # may create
    idle_token: str  # known, without the permission

    @property
    def path(self):
        """Of a SQLite store's file."""
        return Path(self.uri.removeprefix("sqlite:"))

    def copy_to(self, folder):
        """A copy of a SQLite store; nothing may have it open."""
        folder.mkdir(parents=True)
        for suffix in ("", "-wal"):
            if Path(f"{self.path}{suffix}").exists():
                shutil.copyfile(f"{self.path}{suffix}", folder / f"{self.path.name}{suffix}")
        return replace(self, uri=f"sqlite:{folder / self.path.name}")


def make(build, uri):
    def appctl(*words):
        return run([build / "appctl", "--store", uri, "--json", *words])

    def key(*words):
        return json.loads(appctl("key", "create", "--org", "bench", "--owner", OWNER, *words))["token"]

    appctl("init")
    organization = json.loads(appctl("org", "create", "--name", "Bench", "--slug", "bench"))["id"]
    appctl("provider", "create", "--org", "bench", "--name", "AWS S3 Production Bucket", "--provider", "aws-s3",
           "--region", "eu-west-1", "--config", '{"bucket":"production-app-storage"}', "--default")
    return Store(uri, organization, key("--role", "org.admin"), key("--permission", "none"))


def make_file(build, folder):
    folder.mkdir(parents=True)
    return make(build, f"sqlite:{folder / 'apps.db'}")
