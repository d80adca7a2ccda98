"""Alternating rounds, and ratios within a round."""

import statistics
import sys
import time
from dataclasses import dataclass, field


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


# A machine whose disk is busy with other things must not make a run last for hours.
MOST_SECONDS = 150


def rounds(systems, count):
    """Each system once a round, always in the same order: A B A B. `systems`: names and functions that give a Sample.
    No further round begins after MOST_SECONDS."""
    seen = {name: [] for name in systems}
    began = time.monotonic()
    for number in range(count):
        if time.monotonic() - began > MOST_SECONDS:
            say(f"after {number} of {count} rounds: they take too long")
            break
        for name, measure in systems.items():
            seen[name].append(measure())
    return seen


@dataclass
class Claim:
    """A ratio and what it has to be. One value a round."""

    text: str
    values: list
    reach: float
    at_least: bool
    unit: str = "x"

    @property
    def measured(self):
        return statistics.median(self.values)

    @property
    def reached(self):
        return self.measured >= self.reach if self.at_least else self.measured <= self.reach

    def shown(self):
        return {
            "what": self.text, "measured": self.measured, "least": min(self.values), "most": max(self.values),
            "reach": self.reach, "at": "least" if self.at_least else "most", "unit": self.unit, "reached": self.reached,
        }


@dataclass
class Row:
    """A case: the samples of each system, in the order in which they are shown, and what is claimed."""

    name: str
    title: str
    how: str
    samples: dict = field(default_factory=dict)
    claims: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def claim(self, text, over, under, of, reach, at_least):
        """Claims a ratio of two systems; nothing if one of them was not measured. `of` takes the number from a Sample."""
        if over not in self.samples or under not in self.samples:
            return
        values = [of(a) / of(b) for a, b in zip(self.samples[over], self.samples[under])]
        self.claims.append(Claim(text, values, reach, at_least))

    def medians(self):
        """For each system the median of each number."""
        found = {}
        for name, samples in self.samples.items():
            shown = [sample.shown() for sample in samples]
            found[name] = {key: statistics.median(one[key] for one in shown) for key in shown[0]}
        return found

    def shown(self):
        return {
            "name": self.name, "title": self.title, "how": self.how, "medians": self.medians(),
            "rounds": {name: [sample.shown() for sample in samples] for name, samples in self.samples.items()},
            "claims": [claim.shown() for claim in self.claims], "notes": self.notes,
        }
