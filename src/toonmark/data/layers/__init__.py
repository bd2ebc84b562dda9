"""Photos taken apart into the flat layers of an illustration: skin, hair, clothes, lines."""
