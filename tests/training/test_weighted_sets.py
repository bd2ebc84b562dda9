"""A set with a weight stands for as many of it."""

from __future__ import annotations

import json

import pytest
import yaml

from toonmark.configuration import difference, parse
from toonmark.errors import ConfigurationError
from toonmark.training.config import RegressorConfig, TrainConfig
from toonmark.training.run import open_run


def test_a_weight_is_as_good_as_naming_the_folder_again(tmp_path):
    short = yaml.safe_load("{faces: [data/faces, {set: data/p, weight: 24}], cartoons: [c]}")
    config = parse(TrainConfig, short)
    assert config.faces == ["data/faces"] + 24 * ["data/p"]
    long = parse(TrainConfig, {"faces": ["data/faces"] + 24 * ["data/p"], "cartoons": ["c"]})
    assert long == config
    assert not difference(config, long)
    # It is written shortly, and read again as it was.
    open_run(tmp_path, TrainConfig, long)
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["faces"] == ["data/faces", {"set": "data/p", "weight": 24}]
    assert open_run(tmp_path, TrainConfig, None) == config


def test_the_order_of_sets_is_kept():
    config = parse(RegressorConfig, {"data": ["b", "a", "a", "b"]})
    assert config.data == ["b", "a", "a", "b"]
    assert parse(RegressorConfig, config.model_dump()).data == config.data


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"set": "a", "weight": 0}, "whole number from 1 on"),
        ({"set": "a", "weight": 1.5}, "whole number from 1 on"),
        ({"set": "a", "weihgt": 2}, "write a set with a weight as"),
        ({"weight": 2}, "write a set with a weight as"),
        ({"set": 3, "weight": 2}, "valid string"),
    ],
)
def test_a_wrong_weight_is_explained(entry, says):
    with pytest.raises(ConfigurationError, match=says):
        parse(RegressorConfig, {"data": [entry]})


def test_no_set_at_all_is_refused():
    with pytest.raises(ConfigurationError, match="data"):
        parse(RegressorConfig, {"data": []})
