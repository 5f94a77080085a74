"""What every group of rows works with."""

import itertools
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import store as stores
from load import Generator
from plan import Plan


@dataclass
class Env:
    plan: Plan
    build: Path
    folder: Path
    rows: list = field(default_factory=list)
    # For the plots: side -> connections -> [per second].
    throughput: dict = field(default_factory=dict)
    mongo_throughput: dict = field(default_factory=dict)
    percentiles: dict = field(default_factory=dict)  # for the plot: side -> {percentile: us}

    def __post_init__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.load = Generator(self.build, self.folder)
        self.template = stores.make_file(self.build, self.folder / "template")
        self._numbers = itertools.count()

    def new_folder(self):
        return self.folder / f"run-{next(self._numbers)}"

    def new_store(self):
        """An empty store, and the folder that it is in."""
        folder = self.new_folder()
        return self.template.copy_to(folder), folder

    def add(self, row):
        self.rows.append(row)
        return row

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)

    @staticmethod
    def forget(folder):
        shutil.rmtree(folder, ignore_errors=True)
