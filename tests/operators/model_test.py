"""The driver's model finds what it is there to find: a loss, a double, a record that a restore had undone, …"""

import unittest

from model import Content, Create, Effect, Fault, Model, Outcome


def record(tag: str, number: int = 0) -> dict:
    return {
        "id": f"{tag}-{number}",
        "slug": f"slug-{tag}",
        "organization": "open",
        "createdAt": "now",
        "metadata": {"tag": tag},
    }


class ModelTest(unittest.TestCase):
    def setUp(self) -> None:
        self.model = Model(limit=2)
        for tag in "abcdef":
            self.model.journal[tag] = Create(tag, "open", tag in "def", "Foo", f"key-{tag}", b"")

    def outcome(
        self, tag: str, status: int = 200, at: float = 1, until: float = 0, code: int = 0, number: int = 0
    ) -> Outcome:
        found = record(tag, number) if status == 200 else None
        return Outcome(self.model.journal[tag], at, until or at + 0.1, status, code, found)

    def take(self, *outcomes: Outcome, effect: Effect | None = None) -> None:
        self.model.take(list(outcomes), effect or Effect("intact"))

    def test_what_was_acknowledged_is_there_once(self) -> None:
        self.take(self.outcome("a"), self.outcome("b"))
        self.model.verify([record("a"), record("b")])
        self.assertEqual(self.model.verified, {"a", "b"})
        with self.assertRaisesRegex(Fault, "lost: 1 of 2"):
            self.model.verify([record("a")])
        with self.assertRaisesRegex(Fault, "listed twice"):
            self.model.verify([record("a"), record("b"), record("a", 1)])
        with self.assertRaisesRegex(Fault, "acknowledged as"):
            self.model.verify([record("a"), record("b", 1)])

    def test_what_nobody_was_told_of(self) -> None:
        self.take(self.outcome("a", 503, code=3002), self.outcome("b", 0), self.outcome("d", 400, code=0))
        self.model.verify([])
        self.model.verify([record("a"), record("b")])
        with self.assertRaisesRegex(Fault, "not of this store"):
            self.model.verify([record("d")])
        with self.assertRaisesRegex(Fault, "nobody created"):
            self.model.verify([record("z")])

    def test_a_key_makes_one_record(self) -> None:
        self.take(self.outcome("a"), self.outcome("a", at=2))
        with self.assertRaisesRegex(Fault, "two records"):
            self.take(self.outcome("a", at=3, number=1))

    def test_two_records_with_one_slug(self) -> None:
        self.take(self.outcome("a"))
        self.take(self.outcome("b", 503))
        with self.assertRaisesRegex(Fault, "one slug"):
            self.model.verify([record("a"), record("b") | {"slug": "slug-a"}])

    def test_the_limit(self) -> None:
        self.take(self.outcome("d"), self.outcome("e"), self.outcome("f", 400, code=5017))
        self.model.verify([record("d"), record("e")])
        self.take(self.outcome("f", 503))
        with self.assertRaisesRegex(Fault, "3 records with a limit of 2"):
            self.model.verify([record("d"), record("e"), record("f")])

    def test_full_while_a_place_is_free(self) -> None:
        with self.assertRaisesRegex(Fault, "5017 with at most 1 of 2"):
            self.take(self.outcome("d"), self.outcome("f", 400, code=5017))

    def test_a_copy_that_was_put_in_place(self) -> None:
        self.take(self.outcome("a"), self.outcome("b"))
        copy = Content({"a": record("a")}, set(), 2)
        # c is on its way while it happens, d comes after it.
        self.take(self.outcome("c", at=4.9, until=5.2), self.outcome("d", at=6), effect=Effect("replace", 5, 5.1, copy))
        self.model.verify([record("a"), record("d")])
        self.model.verify([record("a"), record("c"), record("d")])
        with self.assertRaisesRegex(Fault, "not of this store's present content"):
            self.model.verify([record("a"), record("b"), record("d")])
        with self.assertRaisesRegex(Fault, "lost: 1 of 2"):
            self.model.verify([record("a")])

    def test_what_is_acknowledged_after_a_destruction_stays(self) -> None:
        self.take(self.outcome("a"), self.outcome("b", at=6), effect=Effect("destroy", 5, 5.1, doubtful=True))
        self.model.verify([record("b")])
        self.model.verify([record("a"), record("b")])
        with self.assertRaisesRegex(Fault, "lost: 1 of 1, such as b"):
            self.model.verify([record("a")])

    def test_what_was_made_without_indexes_is_there_with_another_slug(self) -> None:
        self.take(self.outcome("a"), self.outcome("b", at=5.2), self.outcome("c", at=7), effect=Effect("blur", 5, 6))
        renamed = record("b") | {"slug": "other"}
        self.model.verify([record("a"), renamed, record("c")])
        self.model.verify([record("a"), record("b", 1) | {"slug": "slug-b-2"}, renamed, record("c")])
        with self.assertRaisesRegex(Fault, "lost: 1 of 2"):
            self.model.verify([renamed, record("c")])
        with self.assertRaisesRegex(Fault, "lost: 1 of 2, such as b"):
            self.model.verify([record("a"), record("b", 1), record("c")])
        with self.assertRaisesRegex(Fault, "one slug"):
            self.model.verify([record("a"), record("b") | {"slug": "slug-a"}, record("c")])
        with self.assertRaisesRegex(Fault, "listed twice: c"):
            self.model.verify([record("a"), renamed, record("c"), record("c", 1)])

    def test_what_was_there_before_the_indexes_went_stays_as_it_is(self) -> None:
        self.take(self.outcome("a"), self.outcome("a", at=5.2, number=1), effect=Effect("blur", 5, 6))
        self.model.verify([record("a"), record("a", 1) | {"slug": "other"}])
        with self.assertRaisesRegex(Fault, "acknowledged as"):
            self.model.verify([record("a") | {"slug": "other"}, record("a", 1)])

    def test_a_mixture_has_something_of_both(self) -> None:
        self.take(self.outcome("a"))
        self.take(effect=Effect("mix", 5, 5.1, Content({"b": record("b")}, set(), 2), doubtful=True))
        self.model.verify([])
        self.model.verify([record("a"), record("b")])
        with self.assertRaisesRegex(Fault, "not of this store"):
            self.model.verify([record("c")])

    def test_garbage_that_another_file_was_put_over(self) -> None:
        self.take(self.outcome("a"))
        self.take(effect=Effect("destroy", 5, 5.1, doubtful=True, unsure=True))
        self.take(self.outcome("b", at=6))
        self.model.verify([])
        self.take(effect=Effect("mix", 7, 7.1, Content({"c": record("c")}, set(), 2), doubtful=True))
        self.take(self.outcome("d", at=8))
        with self.assertRaisesRegex(Fault, "lost: 1 of 1, such as d"):
            self.model.verify([record("c")])


if __name__ == "__main__":
    unittest.main()
