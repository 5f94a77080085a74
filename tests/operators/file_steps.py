"""What operators do to the files of an SQLite store: copies, moves, removals, rights, mounts, the sqlite3 program."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile

from gateway import until
from model import Effect, Fault
from steps import INTACT, LIVE, Steps
from store import MS_BIND, MS_RDONLY, MS_REMOUNT, SIDES, Copy, mount, unmount

SETS = {"db": ("",), "wal": ("-wal",), "shm": ("-shm",), "sides": SIDES, "all": ("", *SIDES)}


class FileSteps(Steps):
    def do_idle(self) -> Effect:
        """After an idle second the one file is whole by itself; looked at by copying it alone."""
        if not self.s.model.doubtful:
            until(lambda: self.s.store.size("-wal") <= 0, 8, "after idle seconds the log beside the file is not empty")
            self.s.verify_alone("an idle second")
        return INTACT

    # Copies are taken

    def do_save(self, how: str) -> Effect:
        s, store = self.s, self.s.store
        if s.model.doubtful or len(s.copies) > 5:
            return INTACT
        directory = store.new_directory()
        into = directory / "copy.db"
        kind = "whole"

        def copy(*suffixes: str) -> None:
            for suffix in suffixes:
                if store.file(suffix).exists():
                    shutil.copyfile(store.file(suffix), str(into) + suffix)

        if how in ("stopped", "killed"):
            kind = "whole" if how == "stopped" else "set"
            self.during(how, lambda: copy("", *(() if how == "stopped" else ("-wal",))))
            # What clients do after the start is not in it.
            s.settle_outcomes(INTACT)
            s.copies.append(Copy(directory, s.model.now.copy(), kind))
            return INTACT
        s.settle_outcomes(INTACT)
        before = s.model.now.copy()
        if how in ("live-db", "live-all"):
            kind = "loose"
            self.during("load", lambda: copy(*SETS["db" if how == "live-db" else "all"]))
        else:
            done: list = []
            commands = {
                "vacuum": lambda: store.sqlite(f"VACUUM INTO '{into}'"),
                "dot-backup": lambda: store.sqlite(f".backup '{into}'"),
                "backup": lambda: store.appctl("backup", str(into)),
            }
            self.during("quiet" if how == "dot-backup" else "load", lambda: done.append(commands[how]()))
            if done[0].returncode != 0:
                raise Fault(f"{how} of a whole store failed: {done[0].stderr}")
        s.settle_outcomes(INTACT)
        before.may |= s.model.now.tags() - before.must.keys()
        s.copies.append(Copy(directory, before, kind))
        return INTACT

    # Files are put in place, removed, cut

    def do_place(self, how: str, what: str, sides: str, mode: str, which: str = "-1") -> Effect:
        """A copy goes to the store's path by mv (another inode) or cp (the same, rewritten).

        mv-target: to where the path leads, when it is a link.
        """
        s, store = self.s, self.s.store
        copy = s.copies[int(which) % len(s.copies)]
        suffixes = [suffix for suffix in SETS[what] if suffix == "" or copy.has(suffix)]
        new = [(store.prepared(copy, suffix), suffix) for suffix in suffixes]
        had_log = [False]
        had_stray = [False]

        def place():
            if sides == "clear":
                store.remove_sides()
            had_log[0] = store.size("-wal") > 0
            had_stray[0] = how == "mv" and store.has_stray_log()
            for file, suffix in new:
                if how == "cp":
                    was_there = store.file(suffix).exists()
                    shutil.copyfile(file, store.file(suffix))
                    if not was_there:
                        store.own(store.file(suffix))  # who copies gives it to the gateway's user
                else:
                    os.rename(file, target if how == "mv-target" and suffix == "" else store.file(suffix))

        target = store.target()
        t0, t1 = self.during(mode, place)
        is_whole = copy.kind == "whole" or (copy.kind == "set" and "-wal" in suffixes)
        brings_log = "-wal" in suffixes
        if mode in LIVE:
            # A moved file is found by its inode; with side files of elsewhere nobody can know what belongs together.
            good = is_whole and how != "cp" and not brings_log and (sides == "clear" or not s.model.doubtful)
        elif mode == "stopped" and not s.model.doubtful:
            good = is_whole
        else:
            # The log that a killed gateway left belongs to the file that is no longer there.
            good = is_whole and (brings_log or not had_log[0])
        if good and not had_stray[0]:
            return Effect("replace", t0, t1, copy.content)
        return Effect("mix", t0, t1, copy.content, doubtful=True)

    def do_link(self, mode: str, which: str = "-1") -> Effect:
        """The store's path becomes a link, or the link is switched, to a copy somewhere else."""
        s, store = self.s, self.s.store
        copy = s.copies[int(which) % len(s.copies)]
        if copy.kind != "whole":
            return INTACT
        store.links += 1
        data = store.real / f"data-{store.links}.db"
        os.rename(store.prepared(copy, ""), data)
        link = store.home / "new-link"
        link.symlink_to(data)
        t0, t1 = self.during(mode, lambda: os.rename(link, store.path))
        return Effect("replace", t0, t1, copy.content)

    def do_rm(self, what: str, mode: str) -> Effect:
        s, store = self.s, self.s.store
        had_log = [False]

        def remove():
            had_log[0] = store.size("-wal") > 0
            for path in [store.file(suffix) for suffix in SETS[what]]:
                path.unlink(missing_ok=True)
            s.note_what_is_left()

        t0, t1 = self.during(mode, remove)
        if what in ("db", "all"):
            return Effect("destroy", t0, t1, doubtful=True)
        if what == "shm" or mode == "stopped" or not had_log[0]:
            return INTACT
        # Only what the log alone held is gone; the file is as the last checkpoint left it, unless that was cut off.
        return Effect("destroy", t0, t1, doubtful=mode == "killed")

    def do_truncate(self, what: str, how: str, mode: str) -> Effect:
        s, store = self.s, self.s.store
        suffix = SETS[what][0]
        was = [-1]

        def cut():
            was[0] = store.size(suffix)
            if was[0] > 0:
                os.truncate(store.file(suffix), 0 if how == "0" else was[0] // 2)
            s.note_what_is_left()

        if what == "shm" and mode in LIVE:
            # Whoever has it mapped gets SIGBUS: that is how Linux tells it.
            s.gateway.expected_alarms.append("exited on signal 7")
        t0, t1 = self.during(mode, cut)
        # A transaction under way takes what it reads from the cut index for true; one that begins later need not.
        if was[0] <= 0 or (what == "shm" and mode != "load"):
            return INTACT
        return Effect("destroy", t0, t1, doubtful=True)

    def do_scribble(self, mode: str) -> Effect:
        """A program writes into the middle of the database's file, or the disk forgets what was there."""
        store = self.s.store

        def scribble():
            if store.path.exists():
                pages = max(store.size("") // 4096, 1)
                with open(store.path, "r+b") as file:
                    for page in range(pages // 4, pages, 2):
                        file.seek(page * 4096)
                        file.write(b"\x5a" * 4096)

        t0, t1 = self.during(mode, scribble)
        return Effect("destroy", t0, t1, doubtful=True, unsure=True)

    def do_aside(self, what: str, how: str, mode: str, between: str = "") -> Effect:
        """To the side and back; with `between` clients create while it is away."""
        s, store = self.s, self.s.store
        away = store.new_directory()
        moved: list = []

        def take_away():
            # The database first and back last, as one who knows does it.
            moved[:] = [(path, away / path.name) for suffix in SETS[what] if (path := store.file(suffix)).exists()]
            for path, place in moved:
                if how == "mv":
                    os.rename(path, place)
                else:
                    shutil.copyfile(path, place)
            s.note_what_is_left()

        def bring_back():
            for path, place in reversed(moved):
                if how == "mv":
                    os.rename(place, path)
                else:
                    shutil.copyfile(place, path)

        def both():
            take_away()
            if between and mode in LIVE:
                s.clients.burst(6) if mode == "quiet" else s.clients.wait_for_more(6)
            bring_back()

        if how == "cp" and what in ("shm", "sides", "all") and mode in LIVE:
            s.gateway.expected_alarms.append("exited on signal 7")
        t0, t1 = self.during(mode, both)
        if mode not in LIVE:
            return INTACT
        if how == "mv" and (what in ("db", "shm", "all") or (mode == "quiet" and not between)):
            return INTACT
        return Effect("destroy", t0, t1, doubtful=True)

    # Rights, mounts, room

    def do_rights(self, what: str, then: str) -> Effect:
        s, store = self.s, self.s.store
        if not s.programs["user"]:
            return INTACT
        directory, file = store.target().parent, store.target()
        path = {"directory": directory, "file": file, "shm": store.file("-shm")}[what.partition("-")[0]]
        if not path.exists():
            return INTACT
        state = path.stat()

        def break_():
            if what.endswith("chown"):
                os.chown(path, 0, 0)
                os.chmod(path, 0o700 if path.is_dir() else 0o600)
            else:
                os.chmod(path, {"none": 0, "read": 0o550 if path.is_dir() else 0o440}[what.rpartition("-")[2]])

        def mend():
            # The last who had the store open took the index away.
            with contextlib.suppress(FileNotFoundError):
                os.chown(path, state.st_uid, state.st_gid)
                os.chmod(path, state.st_mode & 0o7777)

        self.broken_and_mended(then, break_, mend)
        return INTACT

    def do_readonly(self, how: str, then: str = "") -> Effect:
        """over: a read-only mount over a serving gateway's files. remount: the mount itself, nginx starts on it."""
        s, store = self.s, self.s.store
        if not store.can_mount:
            return INTACT
        files = str(store.files)
        if how == "over":

            def over():
                # Read-only before it lies over the files: a worker that has just opened one there makes it busy.
                hidden = tempfile.mkdtemp(dir=store.directory)
                mount(files, hidden, None, MS_BIND)
                mount(None, hidden, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
                mount(hidden, files, None, MS_BIND)
                unmount(hidden)

            self.broken_and_mended(then, over, lambda: unmount(files))
            return INTACT

        def remount(flags: int) -> None:
            until(
                lambda: self.is_done(lambda: mount(None, files, None, MS_REMOUNT | flags)),
                10,
                "after a clean stop something still holds the file system",
            )

        s.gateway.stop()
        remount(MS_RDONLY)
        s.gateway.start()
        s.clients.burst(6)
        s.clients.expect_static()
        remount(0)
        return INTACT

    @staticmethod
    def is_done(act) -> bool:
        try:
            act()
        except OSError:
            return False
        return True

    def do_full(self, then: str = "") -> Effect:
        store = self.s.store
        if not store.can_mount:
            return INTACT

        def fill():
            # Those that write meanwhile may make it larger than it is to be.
            until(lambda: self.is_done(store.fill), what="the file system cannot be filled")

        self.broken_and_mended(then, fill, store.make_room)
        return INTACT

    # The sqlite3 program

    def do_sqlite(self, what: str, mode: str = "quiet") -> Effect:
        """The sqlite3 program; not on a store that is doubtful, which it can make worse."""
        s = self.s
        if s.model.doubtful:
            return INTACT
        if what == "locked":
            return self.locked()
        sql = {
            "read": "SELECT count(*) FROM applications",
            "write": "UPDATE organizations SET name = name",
            "checkpoint": "PRAGMA wal_checkpoint(TRUNCATE)",
            "vacuum": "VACUUM",
            "journal": "PRAGMA journal_mode=DELETE",
            "dump": ".dump",
        }[what]
        self.during(mode, lambda: s.store.sqlite(sql))  # it may meet a lock
        return INTACT

    def locked(self) -> Effect:
        """A tool holds a transaction, then is killed."""
        s = self.s
        tool = subprocess.Popen(
            ["sqlite3", str(s.store.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        tool.stdin.write(".timeout 5000\nBEGIN IMMEDIATE;\nUPDATE organizations SET name = 'held';\nSELECT 'held';\n")
        tool.stdin.flush()
        tool.stdout.readline()
        for _ in range(2):
            s.clients.send(s.clients.new_create(keyed=False))
        tool.send_signal(signal.SIGKILL)
        tool.communicate()
        return INTACT

    # appctl restore, and repair as docs/operations.md says

    def restore(self, copy: Copy, *more: str) -> None:
        done = self.s.store.appctl("restore", *more, str(copy.directory / "copy.db"))
        if done.returncode != 0:
            raise Fault(f"appctl restore failed: {done.stderr}")

    def kept(self) -> list:
        """What restore kept of the store before it, and what one that was killed left behind."""
        homes = (self.s.store.home, self.s.store.real)
        return [path for home in homes for path in sorted(home.glob("*before-restore*")) + sorted(home.glob("*.part*"))]

    def do_restore(self, mode: str, which: str = "-1", killed: str = "") -> Effect:
        """A create is in the store that came back or in the one that was kept, never in neither."""
        s = self.s
        copy = s.copies[int(which) % len(s.copies)]
        if copy.kind != "whole" or s.model.doubtful or not s.programs["has_restore"]:
            return INTACT
        for path in self.kept():
            path.unlink()

        def act() -> None:
            if killed:
                command = (s.programs["appctl"], "--store", s.store.uri, "restore", str(copy.directory / "copy.db"))
                tool = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    tool.wait(s.random.random() * 0.1)
                tool.kill()
                tool.wait()
            self.restore(copy, *(["--force"] if killed else []))

        t0, t1 = self.during(mode, act)
        if not killed:
            acknowledged = {one.create.tag for one in s.clients.outcomes if one.status == 200} | s.model.now.must.keys()
            before = [path for path in self.kept() if path.name.endswith("before-restore")]
            if len(before) != 1:
                raise Fault(f"appctl restore kept nothing: {s.files()}")
            found = s.store.records(list(s.organizations.values()), f"sqlite:{before[0]}")
            found += s.store.records(list(s.organizations.values()))
            missing = acknowledged - {record["metadata"]["tag"] for record in found}
            if missing:
                raise Fault(f"acknowledged, and neither kept nor in what was restored: {sorted(missing)[:3]}")
        for path in self.kept():
            path.unlink()
        return Effect("replace", t0, t1, copy.content)

    def do_repair(self, how: str) -> Effect:
        s, store = self.s, self.s.store
        copy = next(one for one in reversed(s.copies) if one.kind == "whole")
        if how == "restore" and not s.programs["has_restore"]:
            how = "live"
        damaged = store.new_directory()
        new = store.prepared(copy, "")

        def put_away(act) -> None:
            for number, path in enumerate((*store.sides(), store.path)):
                if path.exists():
                    act(path, damaged / f"{number}-{path.name}")

        def by_hand() -> None:
            put_away(shutil.copyfile)
            store.remove_sides()
            os.rename(new, store.path)

        def live() -> None:
            put_away(os.rename)
            if s.model.doubtful:
                s.note_what_is_left()  # who never saw a store there sees none at this moment
            os.rename(new, store.path)

        mode = {"stopped": "stopped", "killed": "killed", "live": "quiet", "load": "load", "restore": "load"}[how]
        act = {
            "stopped": by_hand,
            "killed": by_hand,
            "live": live,
            "load": live,
            "restore": lambda: self.restore(copy, "--force"),
        }[how]
        t0, t1 = self.during(mode, act)
        shutil.rmtree(damaged)
        for path in self.kept():
            path.unlink()
        return Effect("replace", t0, t1, copy.content)
