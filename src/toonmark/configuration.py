"""The base of all configurations: validation, and the difference between two of them."""

from __future__ import annotations

import difflib
import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from toonmark.errors import ConfigurationError


class Frozen(BaseModel):
    """Base of configurations and saved records: no unknown key, no change after it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


C = TypeVar("C", bound=BaseModel)


def parse(kind: type[C], values: Any) -> C:
    """Checks values against a configuration; errors name the key and what would be right."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = []
        for item in error.errors():
            where = ".".join(str(part) for part in item["loc"])
            if item["type"] == "extra_forbidden":
                close = difflib.get_close_matches(str(item["loc"][-1]), _keys(kind), 1, 0.4)
                problems.append(
                    f"{where} is unknown" + "".join(f" (did you mean {one}?)" for one in close)
                )
            else:
                said = item["msg"].removeprefix("Value error, ")
                problems.append(f"{where}: {said}" if where else said)
        raise ConfigurationError(
            "The configuration is wrong: " + "; ".join(problems) + ".",
            "Correct these values and start again.",
        ) from error


def _keys(kind: type[BaseModel]) -> list[str]:
    keys = []
    for name, field in kind.model_fields.items():
        keys.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _keys(field.annotation)
    return keys


def difference(old: Frozen, new: Frozen) -> str:
    """A unified diff of two configurations; empty when they are equal."""
    before, after = (
        json.dumps(config.model_dump(mode="json"), indent=1, sort_keys=True).splitlines()
        for config in (old, new)
    )
    lines = difflib.unified_diff(before, after, "the run's", "yours", lineterm="", n=0)
    return "\n".join(line for line in lines if not line.startswith("@@"))
