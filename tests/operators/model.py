"""What must hold after each step that an operator takes: the model of the driver in this folder.

The driver takes random steps on a serving gateway and its store, as operators do, and knows after each one what must
be there. How it knows:

Records. Every create carries a tag of its own in its metadata, so each record that is found belongs to one create of
the driver's journal. For each tag the journal has what was sent and every answer with its times. From that
the model has

    must   tag → the acknowledged record. It is listed exactly once, equal to the acknowledged bytes as a JSON value.
    may    tags that can be there or not: answered 503/3002, never answered, or acknowledged into a file that a step
           destroyed since. A record of any other tag is a fault: one that was refused, or that a restore undid.

Steps. What a step does to the records is one of five effects. A step lasts from t0 to t1.

    intact    nothing changes. (reload, kill -9, chmod and back, a full disk and back, rm of -shm, sqlite3 reading, …)
    replace   the records are now those of a copy whose content is known. (mv of a backup over the file, a link that
              is switched, restore; with the gateway stopped also cp over it)
    destroy   nothing that was there is promised any more. (rm, truncate, rm of a -wal that holds records)
    blur      nothing kept equal things apart between t0 and t1. What was acknowledged then is listed under its id, maybe
              with another slug, maybe beside another record of its Idempotency-Key, maybe beyond the limit; all else
              is as ever. (MongoDB without its unique indexes, until that was noticed and repaired)
    mix       the file holds something of both: what was there and what a copy has. (cp over a file in use, files
              of one moment put beside those of another)

Destroy and mix come with one more bit: whether the step itself can have left a malformed file. Until a repair such a
store is "doubtful": it may answer 503, `check` may find something, and a list may fail, unless anything is in must.

One step more is like no other: garbage that is written into the middle of a file is seen by nobody before it is read.
Until a repair, or until another file is put over all of it, nothing is in must, but once a gateway's error log says that
the file is damaged, nothing may be acknowledged.

Requests and steps overlap, since some steps happen under load. What was answered before t0 belongs to the former
content. What was sent before t1 and answered after t0 goes to may: it may be in either. What was sent after t1 and
got 200 goes to must, whatever the step was. This is promise 8: however files were replaced, deleted, truncated or
linked, a running gateway does not acknowledge what is lost afterwards. There is no period of grace: who finds out
late has to answer 503 late. The overlap is a few requests at most, each client having one on its way.

Always, in every state:
  - answers are 200, 503, or 400/5017 of the limited organization; never 401, 404, 500, or a 200 that is another
    request's
  - 5017 only when the organization can be full; never more records than its limit
  - an Idempotency-Key of must answers with its first record, through the serving nginx, and is in the list once
  - ids and slugs are unique; `check` is clean unless the store is doubtful
  - a static file is served whenever nginx runs, and nginx starts, reloads and stops with any store
  - nginx's own log has no [alert], [crit], [emerg] that the step did not make (a worker that was killed)
  - 503 has a line in the error log that names the store; while anything of a store is left beside its path, no line
    says "run init" (unless it says "restore a backup" too), `init` makes no empty store over it, and a reading
    command leaves a log whose database is gone
  - unless the store is doubtful or taken away: creates work again, without a reload

When a store is doubtful the driver repairs it as docs/operations.md says: copies the files away, restores a whole
copy, and the effect is "replace": everything is strict again, and creates must work without a reload.

No vacuous pass: a sequence in which nothing was acknowledged, or nothing that was acknowledged was found in a list,
or no step was taken, is a failure. The counts are printed.
"""

from dataclasses import dataclass, field


class Fault(Exception):
    """Something that must hold does not."""


@dataclass
class Create:
    """One create of the journal; with a key it may be sent several times."""

    tag: str
    organization: str
    limited: bool
    name: str
    key: str | None
    body: bytes


@dataclass
class Outcome:
    """One answer, or the lack of one."""

    create: Create
    start: float
    end: float
    status: int  # 0: no answer
    code: int
    record: dict | None


@dataclass
class Content:
    """What is in a file, as far as it is known."""

    must: dict = field(default_factory=dict)  # tag → record
    may: set = field(default_factory=set)  # tags
    limit: int = 0
    blurred: dict = field(default_factory=dict)  # tag → ids that are listed, whatever else is

    def copy(self) -> "Content":
        blurred = {tag: set(ids) for tag, ids in self.blurred.items()}
        return Content(dict(self.must), set(self.may), self.limit, blurred)

    def tags(self) -> set:
        return self.may | self.must.keys() | self.blurred.keys()


@dataclass
class Effect:
    """What a step did to the records between t0 and t1."""

    kind: str  # intact, replace, destroy, blur, mix
    t0: float = 0
    t1: float = 0
    content: Content | None = None
    doubtful: bool = False
    unsure: bool = False


class Model:
    def __init__(self, limit: int) -> None:
        self.now = Content(limit=limit)
        self.doubtful = False
        self.unsure = False  # nobody can know yet that the file is damaged
        self.journal: dict[str, Create] = {}
        self.acknowledged = 0
        self.verified: set = set()

    def take(self, outcomes: list, effect: Effect) -> None:
        """Brings the model from before a step to after it."""
        if effect.kind == "intact":
            for one in outcomes:
                self._take_one(one)
            self._check_limit_answers(outcomes)
            return
        before = [one for one in outcomes if one.end < effect.t0]
        after = [one for one in outcomes if one.start > effect.t1]
        for one in before:
            self._take_one(one)
        self._apply(effect)
        for one in outcomes:
            if one.end >= effect.t0 and one.start <= effect.t1 and one.status in (0, 200, 503):
                self.acknowledged += one.status == 200
                if effect.kind == "blur":
                    self._blur(one)
                else:
                    self._loosen(one.create.tag)
        for one in after:
            self._take_one(one)
        self._check_limit_answers(after)

    def _apply(self, effect: Effect) -> None:
        old = self.now
        if effect.kind == "replace":
            self.now = effect.content.copy()
            self.doubtful = self.unsure = False
            return
        if effect.kind == "blur":
            return
        self.now = Content({}, old.tags(), old.limit)
        if effect.kind == "mix":
            self.now.may |= effect.content.tags()
            self.now.limit = max(old.limit, effect.content.limit)
            self.unsure = False  # none of the garbage is left
        self.doubtful = self.doubtful or effect.doubtful
        self.unsure = self.unsure or effect.unsure

    def _blur(self, one: Outcome) -> None:
        tag = one.create.tag
        ids = self.now.blurred.setdefault(tag, set())
        if one.status == 200:
            ids.add(one.record["id"])
        elif tag not in self.now.must:
            self.now.may.add(tag)

    def _loosen(self, tag: str) -> None:
        self.now.must.pop(tag, None)
        self.now.may.add(tag)

    def _take_one(self, one: Outcome) -> None:
        tag = one.create.tag
        if one.status == 200 and self.unsure:
            self.acknowledged += 1
            self._loosen(tag)
        elif one.status == 200:
            self.acknowledged += 1
            known = self.now.must.get(tag)
            if known is not None and known != one.record:
                raise Fault(
                    f"one Idempotency-Key made two records: {known['id']}, made at {known['createdAt']}, and "
                    f"{one.record['id']}, made at {one.record['createdAt']}"
                )
            self.now.must[tag] = one.record
            self.now.may.discard(tag)
        elif one.status in (0, 503) and tag not in self.now.must:
            self.now.may.add(tag)

    def _check_limit_answers(self, outcomes: list) -> None:
        if not any(one.code == 5017 for one in outcomes):
            return
        most = sum(self.journal[tag].limited for tag in self.now.tags())
        # Of one tag there may be several records then.
        if most < self.now.limit and not self.doubtful and not self.now.blurred:
            raise Fault(f"5017 with at most {most} of {self.now.limit} applications")

    def verify(self, records: list) -> None:
        """`records` is everything that is listed, of both organizations."""
        found: dict = {}
        for record in records:
            tag = record.get("metadata", {}).get("tag")
            if tag not in self.journal:
                raise Fault(f"a record that nobody created: {record}")
            twin = found.get(tag)
            if twin and tag not in self.now.blurred and (tag in self.now.must or not self.doubtful):
                raise Fault(f"listed twice: {tag}, as {twin['id']} and {record['id']}")
            if twin is None or self.now.must.get(tag) == record:
                found[tag] = record
        ids = {record["id"] for record in records}
        lost = [tag for tag in self.now.must if tag not in found]
        lost += [tag for tag, blurred in self.now.blurred.items() if not blurred <= ids]
        if lost:
            raise Fault(
                f"acknowledged and lost: {len(lost)} of {len(self.now.must)}, such as {', '.join(sorted(lost)[:3])}"
            )
        for tag, record in self.now.must.items():
            if found[tag] != record:
                raise Fault(f"acknowledged as {record}, listed as {found[tag]}")
            self.verified.add(tag)
        stray = list(found.keys() - self.now.tags())
        if stray:
            raise Fault(f"listed and not of this store's present content: {len(stray)}, such as {sorted(stray)[:3]}")
        if self.doubtful:
            return
        for what in ("id", "slug"):
            values = [(record["organization"], record[what]) for record in records]
            if len(values) != len(set(values)):
                raise Fault(f"two records with one {what}")
        limited = sum(self.journal[tag].limited for tag in found.keys() - self.now.blurred.keys())
        if limited > self.now.limit:
            raise Fault(f"{limited} records with a limit of {self.now.limit}")
