"""What every configuration is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Base of all configurations: no unknown key, no change after it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")
