"""Rounds, ratios and how they are printed. Only ratios of one round mean anything: the peers of a table
take turns inside a round, so that what disturbs the machine disturbs them all."""

import os
import statistics


def rounds(count, cases):
    """Runs every case once per round and returns {name: [value per round]}. `cases` is {name: call};
    each round begins with another one."""
    names = list(cases)
    values = {name: [] for name in names}
    for i in range(count):
        turn = i % len(names)
        for name in names[turn:] + names[:turn]:
            values[name].append(cases[name]())
    return values


def ratios(values, base):
    """Round by round."""
    return [a / b for a, b in zip(values, base) if b]


def short(number):
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= limit:
            return f"{number / (1e3 if unit == 'k' else limit):.3g}{unit}"
    return f"{number:.0f}" if number == int(number) or abs(number) >= 1000 else f"{number:.3g}"


def spread(values):
    """'median [min-max]'"""
    if not values:
        return "-"
    if len(values) == 1:
        return short(values[0])
    return f"{short(statistics.median(values))} [{short(min(values))}-{short(max(values))}]"


class Table:
    missed = 0  # of all tables

    def __init__(self, title):
        self.title = title
        self.header, self.lines, self.notes = [], [], []

    def columns(self, *names):
        self.header = list(names)

    def row(self, *cells):
        self.lines.append([c if isinstance(c, str) else spread(c) for c in cells])

    def note(self, text):
        self.notes.append(text)

    def goal(self, what, values, relation, limit, limited_by=None):
        """One line: the goal beside the median of `values`. `limited_by`: text or call that says what
        stands in the way; asked only when the goal is missed."""
        if not values:
            return self.note(f"goal {what} {relation} {short(limit)}: not measured")
        figure = statistics.median(values)
        good = figure >= limit if relation == "≥" else figure <= limit
        verdict = "ok"
        if not good:
            Table.missed += 1
            reason = limited_by() if callable(limited_by) else limited_by
            verdict = "missed" + (f": limited by {reason}" if reason else "")
        return self.note(f"goal {what} {relation} {short(limit)}: {spread(values)} {verdict}")

    def print(self):
        widths = [max(len(line[i]) for line in [self.header, *self.lines] if i < len(line))
                  for i in range(len(self.header))]
        print(f"\n== {self.title}   (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs)")
        for line in [self.header, *self.lines]:
            print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        for text in self.notes:
            print(f"  - {text}")
        print(end="", flush=True)
