"""Training: configurations, steps, the loop that resumes, runs on disk, what runs have learnt."""
