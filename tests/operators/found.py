"""Sequences that once lost, doubled or damaged something, by name: each is a test, operators.NAME."""

FOUND: dict = {
    # After a clean stop the one file is whole by itself: 300 had been acknowledged, 169 were in it.
    "clean-stop": {
        "steps": ["create:300"],
    },
    "idle": {
        "steps": ["create:100", "idle", "create:20", "idle"],
    },
    # A log that stayed beside the file undid or broke a later restore.
    "restore-after-stop": {
        "steps": [
            "create:100",
            "save:vacuum",
            "create:100",
            "place:mv,db,keep,stopped",
            "create:20",
            "list",
            "save:stopped",
            "create:50",
            "place:cp,db,keep,stopped",
            "create:20",
            "list",
        ],
    },
    "restore-while-serving": {
        "steps": ["create:30", "save:vacuum"]
        + ["create:20", "place:mv,db,keep,load", "reload", "create:20", "list"] * 5,
    },
    "restore-with-a-start": {
        "steps": ["create:30", "save:vacuum"]
        + ["create:20", "place:mv,db,keep,load", "kill-worker", "create:20", "list"] * 4,
    },
    # The farewell of an old worker went into the file that the link had led to.
    "link-target": {
        "link": True,
        "steps": ["create:20", "save:vacuum"]
        + ["create:20", "place:mv-target,db,keep,load", "create:20", "restart", "list"] * 3,
    },
    "link-replaced": {
        "link": True,
        "steps": ["create:20", "save:vacuum", "create:20", "place:mv,db,keep,load", "create:20", "restart", "list"],
    },
    "link-switched": {
        "link": True,
        "steps": ["create:20", "save:vacuum"]
        + ["create:20", "link:load", "create:20", "list"] * 3
        + ["restart", "list"],
    },
    # A tidy-up job.
    "rm-shm": {
        "steps": ["create:20", "rm:shm,load"] * 4 + ["create:20", "list"],
    },
    "rm-shm-quiet": {
        "steps": ["create:20"] + ["rm:shm,quiet", "create:20", "list"] * 4,
    },
    "rm-wal": {
        "steps": ["create:20"] + ["rm:wal,load", "create:20", "list"] * 4,
    },
    "rm-both": {
        "steps": [
            "create:20",
            "rm:sides,quiet",
            "appctl:org-set",
            "create:20",
            "list",
            "rm:sides,load",
            "appctl:org-set",
            "create:20",
            "list",
        ],
    },
    "rm-database": {
        "steps": [
            "create:20",
            "save:vacuum",
            "rm:db,load",
            "create:10",
            "appctl:org-list",
            "appctl:init",
            "create:10",
            "repair:live",
        ],
    },
    # 200 went on; a list made the log vanish; then everybody said "run init", and init made an empty store.
    "emptied": {
        "steps": [
            "create:20",
            "save:vacuum",
            "create:20",
            "truncate:db,0,load",
            "create:10",
            "appctl:org-list",
            "create:10",
            "appctl:init",
            "create:10",
            "repair:live",
            "create:10",
            "list",
        ],
    },
    "emptied-when-stopped": {
        "steps": [
            "create:20",
            "save:vacuum",
            "truncate:db,0,stopped",
            "create:10",
            "appctl:org-list",
            "appctl:init",
            "create:10",
            "repair:stopped",
            "create:10",
            "list",
        ],
    },
    "emptied-when-killed": {
        "steps": [
            "create:20",
            "save:vacuum",
            "truncate:db,0,killed",
            "create:10",
            "appctl:org-list",
            "appctl:init",
            "create:10",
            "repair:live",
            "create:10",
            "list",
        ],
    },
    # Creates went on into a file whose damage had been seen.
    "damaged": {
        "steps": [
            "create:300",
            "save:vacuum",
            "idle",
            "scribble:load",
            "create:30",
            "appctl:org-list",
            "create:30",
            "list",
            "repair:live",
            "create:20",
        ],
    },
    # A worker that had started while it could only read stayed at 503.
    "readonly-mount": {
        "steps": [
            "create:20",
            "readonly:over,kill",
            "create:20",
            "readonly:over,reload",
            "list",
            "readonly:remount",
            "list",
        ],
    },
    "readonly-shm": {
        "steps": ["create:20", "rights:shm-read,kill", "create:20", "rights:shm-chown,kill-all", "list"],
    },
    "readonly-directory": {
        "steps": [
            "create:20",
            "rights:directory-read,kill",
            "create:20",
            "rights:directory-none,reload",
            "list",
            "rights:file-chown,kill-all",
            "create:20",
            "list",
        ],
    },
    # In place: the inode stays, the content does not.
    "copied-over": {
        "steps": [
            "create:50",
            "save:vacuum",
            "create:50",
            "place:cp,db,keep,load",
            "create:30",
            "list",
            "repair:live",
            "create:30",
            "list",
        ],
    },
    "copied-over-idle": {
        "steps": [
            "create:50",
            "save:vacuum",
            "create:50",
            "idle",
            "place:cp,db,keep,quiet",
            "create:30",
            "list",
            "repair:live",
            "list",
        ],
    },
    # A copy of before the last checkpoint, whose mark was that of the present file: the log was mixed with it.
    "copied-over-older": {
        "steps": ["rights:file-chown,kill-all", "save:backup", "sqlite:write,killed", "place:cp,db,keep,quiet", "list"],
    },
    # A worker that was idle kept the former file open for ever, and appctl waiting.
    "copied-over-then-restored": {
        "steps": ["create:12", "save:vacuum"]
        + ["aside:shm,mv,quiet,between", "place:cp,all,keep,quiet,0", "repair:restore", "list"] * 4,
    },
    # Whoever came after it had been seen did not know, and acknowledged until it was met again.
    "damaged-then-restarted": {
        "seed": "2026.1090",
        "patient": False,
        "steps": ["create:12", "save:vacuum", "scribble:stopped", "aside:wal,mv,killed"]
        + ["kill-all", "create:10", "restart"] * 2
        + ["repair:stopped", "create:20", "list"],
    },
    # The second damage within a second of the first was not written down.
    "damaged-again-then-killed": {
        "seed": "2027.2837",
        "patient": False,
        "workers": 1,
        "steps": ["create:12", "save:vacuum", "truncate:db,half,load", "repair:live", "scribble:load", "rm:sides,load"]
        + ["aside:db,cp,killed", "repair:stopped", "list"],
    },
    # Old and new program share no memory.
    "damaged-then-upgraded": {
        "seed": "2026.552",
        "patient": False,
        "steps": ["create:12", "save:vacuum", "upgrade:load", "create:12", "scribble:load", "appctl:org-set,load"]
        + ["upgrade:load,back", "create:10", "second:stop", "upgrade:load"] * 2
        + ["repair:load", "create:20", "list"],
    },
    "damaged-then-replaced": {
        "steps": ["create:20", "scribble:load", "place:mv,all,keep,load", "create:10", "list"],
    },
    "readonly-file": {
        "steps": ["create:20", "repair:load", "rights:file-read,reload", "create:10", "rights:file-read,kill", "list"],
    },
    "full": {
        "steps": ["create:20", "full:nothing", "create:20", "full:kill", "create:20", "full:reload", "list"],
    },
    # A checkpoint that found no room was taken for a file that was cut (one of four).
    "full-after-restore": {
        "workers": 8,
        "patient": False,
        "steps": ["create:12", "save:vacuum", "restart", "truncate:shm,half,load", "full:kill", "repair:restore"]
        + ["full:kill"] * 8
        + ["list"],
    },
}


MONGODB: dict = {
    # What was acknowledged until it is noticed is there afterwards, apart; docs/stores.md says what may have collided.
    "indexes-dropped": ["create:20", "drop-indexes", "create:20", "list", "drop-indexes:kill", "list"],
    "server-stopped": ["create:20", "server:stop", "create:20", "server:stop,reload", "server:stop,kill-all", "list"],
    "server-stalled": ["create:20", "server:stall", "create:20", "list", "server:stall,kill", "list"],
    "connections-cut": ["create:20", "server:cut", "server:cut", "server:cut", "server:cut", "list"],
    "older-data": ["create:20", "save"] + ["create:20", "replace:load", "create:20", "list"] * 3,
    "emptied-server": ["create:20", "save", "empty:load", "create:10", "appctl:org-list", "repair:load", "create:10"],
}


def plan(name: str) -> dict:
    one = FOUND.get(name) or {"store": "mongodb", "steps": MONGODB[name]}
    return {
        "seed": one.get("seed", name),
        "workers": one.get("workers", 2),
        "link": one.get("link", False),
        "patient": one.get("patient", True),
        "store": one.get("store", "sqlite"),
        "steps": one["steps"],
    }
