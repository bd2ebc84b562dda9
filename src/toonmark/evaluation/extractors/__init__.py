"""The feature extractors that ship; importing this package registers them."""

from toonmark.evaluation.extractors import efficientnet, illustration2vec, inception

__all__ = ["efficientnet", "illustration2vec", "inception"]
