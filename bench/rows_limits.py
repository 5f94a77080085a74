"""What two limits cost that nobody reaches: the same nginx with app_create_limit and without."""

import wire
import with_and_without
from results import Target
from with_and_without import Load

LIMITS = """\
    app_create_limit key=$app_create_key rate=1000000r/s burst=1000000;
    app_create_limit key=$app_create_organization rate=1000000r/s burst=1000000;
"""


def measure(env):
    loads = [(Load("create", "creates", wire.create), Target(at_least=0.99)),
             # No commit, so that what is counted is a larger part of it.
             (Load("violation", "400, a violation", lambda store: wire.create(store, language="xx"), True), Target())]
    with_and_without.measure(env, "limits", LIMITS, "two app_create_limit", loads)
