"""What a schema cannot say. A storage provider that is well-formed and unknown is refused (5060): this names one that
there is. Integers beyond 64 bits are refused, reals as large are not: this makes reals of them."""

import re

import schemathesis
from gateway import PROVIDER


def with_numbers_that_can_be_held(value):
    if isinstance(value, dict):
        return {key: with_numbers_that_can_be_held(member) for key, member in value.items()}
    if isinstance(value, list):
        return [with_numbers_that_can_be_held(member) for member in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return float(value) if abs(value) < 10**300 else 0
    return value


@schemathesis.hook
def map_body(_context, body):
    configuration = body.get("configuration") if isinstance(body, dict) else None
    if isinstance(configuration, dict):
        named = configuration.get("storageProvider")
        if isinstance(named, str) and re.fullmatch("[0-9a-fA-F]{24}", named):
            configuration["storageProvider"] = PROVIDER
    return with_numbers_that_can_be_held(body)
