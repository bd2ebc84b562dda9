"""Several configurations trained and measured alike: the paper's ablation, or any other list."""
