"""The store's files and what operators do to them: copies, tools, mounts. Nothing here opens a live file by SQLite."""

import ctypes
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from model import Content, Fault

SIDES = ("-wal", "-shm")
LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
MNT_DETACH = 2


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    def encoded(text):
        return text.encode() if text is not None else None

    if LIBC.mount(encoded(source), target.encode(), encoded(kind), flags, encoded(data)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), target)


def unmount(target: str) -> None:
    if LIBC.umount2(target.encode(), MNT_DETACH) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), target)


class Tools:
    """Each is a process of its own, as an operator's shell starts it."""

    uri = ""

    def __init__(self, programs: dict) -> None:
        self.programs = programs

    def run(self, *command: str, patience: float = 60) -> subprocess.CompletedProcess:
        try:
            return subprocess.run(
                command, capture_output=True, text=True, timeout=patience, stdin=subprocess.DEVNULL, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise Fault(f"{' '.join(command)} does not end") from late

    def appctl(self, *arguments: str, uri: str = "") -> subprocess.CompletedProcess:
        done = self.run(self.programs["appctl"], "--store", uri or self.uri, "--json", *arguments)
        if done.returncode not in (0, 1):
            raise Fault(f"appctl {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done

    def records(self, organizations: list, uri: str = "") -> list:
        """Everything that is listed; a Failure of appctl is raised as OSError with its words."""
        found: list = []
        for organization in organizations:
            done = self.appctl("app", "list", "--org", organization, uri=uri)
            if done.returncode != 0:
                raise OSError(done.stderr.strip())
            try:
                found += json.loads(done.stdout)
            except ValueError as error:
                # A page of a record's own content: SQLite has no checksum of it.
                raise OSError(f"what is listed is no JSON: {error}") from error
        return found


@dataclass
class Copy:
    """Files that an operator put aside, and what is in them."""

    directory: Path
    content: Content
    # whole: the one file is everything; set: whole with its -wal; loose: taken in a way that promises nothing
    kind: str

    def has(self, suffix: str) -> bool:
        return (self.directory / ("copy.db" + suffix)).exists()


class Store(Tools):
    """`files` is a file system of its own where there is root, so that it can be full and read-only."""

    ROOM = "1g"  # a log may have 200 MB; only what is used takes memory

    def __init__(self, programs: dict, directory: Path, template: Path, link: bool) -> None:
        super().__init__(programs)
        self.directory = directory
        self.can_mount = programs["can_mount"]
        self.files = directory / "files"
        self.files.mkdir()
        if self.can_mount:
            mount("tmpfs", str(self.files), "tmpfs", 0, f"size={self.ROOM},mode=755")
        self.home = self.files / "store"
        self.aside = self.files / "aside"
        self.real = self.files / "real"
        for one in (self.home, self.aside, self.real):
            one.mkdir()
            self.own(one)
        self.path = self.home / "apps.db"
        self.uri = f"sqlite:{self.path}"
        first = self.real / "data-0.db" if link else self.path
        shutil.copyfile(template, first)
        self.own(first)
        if link:
            self.path.symlink_to(first)
        self.links = 0
        self.numbers = 0

    def fill(self) -> None:
        """Leaves no page free, by making the file system as small as what is in it."""
        room = os.statvfs(self.files)
        mount(None, str(self.files), None, MS_REMOUNT, f"size={(room.f_blocks - room.f_bfree) * room.f_frsize}")

    def make_room(self) -> None:
        mount(None, str(self.files), None, MS_REMOUNT, f"size={self.ROOM}")

    def own(self, path: Path) -> None:
        """As `install -o www-data -m …` leaves it."""
        path.chmod(0o750 if path.is_dir() else 0o640)
        if self.programs["user"]:
            shutil.chown(path, self.programs["user"], self.programs["group"])

    def target(self) -> Path:
        """Where the store's path leads; the side files are beside that."""
        return Path(os.path.realpath(self.path))

    def file(self, suffix: str) -> Path:
        return self.path if suffix == "" else Path(str(self.target()) + suffix)

    def size(self, suffix: str) -> int:
        try:
            return self.file(suffix).stat().st_size
        except OSError:
            return -1

    def is_left(self) -> bool:
        """Something of a store is at its path, so nobody may make a new one there."""
        return self.size("") >= 0 or self.size("-wal") > 0

    def new_directory(self) -> Path:
        self.numbers += 1
        made = self.aside / str(self.numbers)
        made.mkdir()
        return made

    def sides(self) -> list:
        """Beside the path and beside what it leads to: one who restores removes both."""
        return [Path(str(path) + suffix) for path in {self.path, self.target()} for suffix in SIDES]

    def remove_sides(self) -> None:
        for path in self.sides():
            path.unlink(missing_ok=True)

    def has_stray_log(self) -> bool:
        """The path is a link, and a log lies beside it from when it was a file."""
        log = Path(str(self.path) + "-wal")
        return self.path.is_symlink() and log.exists() and log.stat().st_size > 0

    def prepared(self, copy: Copy, suffix: str) -> Path:
        """A file like the copy's that can be renamed to its place."""
        made = self.new_directory() / "new"
        shutil.copyfile(copy.directory / ("copy.db" + suffix), made)
        self.own(made)
        return made

    def names(self) -> list:
        """What the error log can call it."""
        return [str(self.path), str(self.target())]

    def sqlite(self, sql: str, path: Path | None = None) -> subprocess.CompletedProcess:
        return self.run("sqlite3", "-cmd", ".timeout 3000", str(path or self.path), sql)
