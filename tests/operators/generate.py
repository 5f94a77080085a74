"""From a seed a configuration and its steps."""

import random

MODES = ("quiet", "load", "load", "stopped", "killed")
LIVE = ("quiet", "load", "load")


def shared_step(rng: random.Random, kind: str) -> str:
    pick = rng.choice
    if kind == "create":
        return f"create:{rng.randint(5, 30)}"
    if kind == "process":
        return pick(
            (
                "reload:load",
                "reload",
                "kill-worker:load",
                "kill-workers:load",
                "kill-all",
                "restart",
                "upgrade:load",
                "upgrade",
                "upgrade:load,back",
            )
        )
    if kind == "second":
        return f"second:{pick(('stop', 'kill'))}"
    what = pick(("org-list", "org-set", "limit", "key-create", "check", "app-list", "init"))
    return f"appctl:{what},{pick(LIVE)}"


def mongo_step(rng: random.Random) -> tuple:
    pick = rng.choice
    kind = rng.choices(
        ("create", "process", "appctl", "second", "save", "server", "replace", "empty", "drop-indexes"),
        (10, 12, 8, 2, 6, 16, 6, 3, 4),
    )[0]
    then = pick(("", "reload", "kill", "kill-all"))
    if kind == "save":
        return kind, False
    if kind == "server":
        return f"server:{pick(('stop', 'stop', 'cut', 'cut', 'stall'))},{then}", False
    if kind == "replace":
        return f"replace:{pick(MODES)},{rng.randint(0, 5)}", False
    if kind == "empty":
        return f"empty:{pick(MODES)}", True
    if kind == "drop-indexes":
        return f"drop-indexes:{pick(('', 'reload', 'kill'))}", False
    return shared_step(rng, kind), False


def file_step(rng: random.Random, has_backup: bool) -> tuple:
    """(a step, whether it may leave the store doubtful)"""
    pick = rng.choice
    kind = rng.choices(
        (
            "create",
            "process",
            "appctl",
            "sqlite",
            "save",
            "place",
            "link",
            "rm",
            "truncate",
            "scribble",
            "aside",
            "rights",
            "readonly",
            "full",
            "second",
            "idle",
        ),
        (10, 14, 10, 7, 10, 12, 6, 9, 4, 1, 8, 5, 4, 2, 3, 2),
    )[0]
    if kind in ("create", "process", "appctl", "second"):
        return shared_step(rng, kind), False
    if kind == "sqlite":
        what = rng.choices(
            ("read", "write", "checkpoint", "vacuum", "journal", "dump", "locked"), (3, 3, 3, 3, 2, 1, 1)
        )[0]
        return f"sqlite:{what},{pick(MODES)}", False
    if kind == "save":
        hows = ["vacuum", "dot-backup", "stopped", "killed", "live-db", "live-all"] + ["backup"] * 2 * has_backup
        return f"save:{pick(hows)}", False
    if kind == "place":
        how = pick(("mv", "mv", "mv-target", "cp"))
        return (
            f"place:{how},{pick(('db', 'db', 'all'))},{pick(('clear', 'keep'))},{pick(MODES)},{rng.randint(0, 5)}",
            True,
        )
    if kind == "link" and has_backup and rng.random() < 0.5:
        return f"restore:{pick(MODES)},{rng.randint(0, 5)}{pick(('', '', ',killed'))}", False
    if kind == "link":
        return f"link:{pick(MODES)},{rng.randint(0, 5)}", True
    if kind == "rm":
        return f"rm:{pick(('db', 'wal', 'wal', 'shm', 'shm', 'sides', 'sides', 'all'))},{pick(MODES)}", True
    if kind == "truncate":
        return f"truncate:{pick(('db', 'db', 'wal', 'shm'))},{pick(('0', 'half'))},{pick(MODES)}", True
    if kind == "scribble":
        return f"scribble:{pick(MODES)}", True
    if kind == "aside":
        between = pick(("", ",between"))
        return f"aside:{pick(('db', 'wal', 'shm', 'sides', 'all'))},{pick(('mv', 'cp'))},{pick(MODES)}{between}", True
    if kind == "rights":
        what = pick(("file", "directory", "shm")) + "-" + pick(("none", "read", "chown"))
        return f"rights:{what},{pick(('nothing', 'reload', 'kill', 'kill-all'))}", False
    if kind == "readonly":
        return pick(("readonly:over,nothing", "readonly:over,reload", "readonly:over,kill", "readonly:remount")), False
    if kind == "full":
        return f"full:{pick(('nothing', 'reload', 'kill'))}", False
    return "idle", False


def sequence(seed: str, length: int, has_backup: bool, store: str) -> dict:
    """What run.py gives to sequence.py."""
    rng = random.Random(seed)
    is_mongo = store == "mongodb"
    steps = ["create:12", "save" if is_mongo else "save:vacuum"]
    doubtful = False
    while len(steps) < length:
        if doubtful and rng.random() < 0.4:
            hows = (
                ("stopped", "killed", "quiet", "load") if is_mongo else ("stopped", "killed", "live", "load", "restore")
            )
            steps.append("repair:" + rng.choice(hows))
            doubtful = False
            continue
        step, harms = mongo_step(rng) if is_mongo else file_step(rng, has_backup)
        steps.append(step)
        doubtful = doubtful or harms
    return {
        "seed": seed,
        "workers": rng.choices((2, 1, 4, 8), (8, 2, 1, 1))[0],
        "link": rng.random() < 0.15,
        "steps": steps,
        "patient": False,
        "store": store,
    }
