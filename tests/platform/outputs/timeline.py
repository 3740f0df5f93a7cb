# SPDX-License-Identifier: Apache-2.0
"""Reads a trace.json.gz by the rules of Perfetto's importer, and is stricter: what it would drop or repair is an error."""
import collections
import gzip
import json
from decimal import Decimal


def events(file):
    """All events of a whole file, times and durations exact."""
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return json.load(text, parse_float=Decimal)["traceEvents"]


def in_ns(us):
    """As the viewer keeps times: whole ns."""
    return int(Decimal(us) * 1000)


def in_ps(us):
    return int(Decimal(us) * 1000000)


class Timeline:
    """What a viewer has of a trace: async spans by their names, slices, arrows, counters."""

    def __init__(self, file):
        self.spans = {}      # (category, name of a transaction) -> {"begin", "end", "args", "stages": {name: ps}}
        self.tracks = set()  # names of async tracks
        self.arrows = collections.defaultdict(list)  # number -> slices, in order
        self.counters = collections.defaultdict(list)
        self.slices, self.calls, self.marks = [], [], []
        self._names, self._async, self._threads = {}, {}, collections.defaultdict(list)
        all_of_it = events(file)
        for e in all_of_it:
            if e["ph"] == "M":
                self._metadata(e)
        shown = [e for e in all_of_it if e["ph"] != "M"]
        shown.sort(key=lambda e: in_ns(e["ts"]))  # stable, as the viewer's
        for e in shown:
            assert ("process", e["pid"]) in self._names and e["ts"] >= 0, e
            if "tid" in e:
                assert self._names["thread", e["tid"]][1] == e["pid"], e
            {"b": self._begin, "e": self._end, "n": self._name, "X": self._slice, "B": self._call, "E": self._return,
             "i": self._mark, "C": self._count}[e["ph"]](e)
        left = [stack for stack in [*(t["open"] for t in self._async.values())] if stack]
        assert not left, f"never ended: {left[:3]}"
        assert not [s for t in self._threads.values() for s in t if s[0] == "B"], "a call never ended"
        for number, legs in self.arrows.items():
            ends = [(e.get("flow_in", False), e.get("flow_out", False)) for e in legs]
            assert len(legs) > 1, (number, legs)
            assert ends == [(False, True)] + [(True, True)] * (len(legs) - 2) + [(True, False)], (number, legs)

    def _metadata(self, e):
        kind, number = e["name"].split("_")[0], e["tid" if e["name"] == "thread_name" else "pid"]
        assert ("process", number) not in self._names and ("thread", number) not in self._names, e
        self._names[kind, number] = e["args"]["name"], e["pid"]

    def _begin(self, e):
        track = self._async[e["cat"], e["id"]]  # has a name by now
        if not track["open"]:
            assert e["name"].startswith(e["cat"] + " "), e
            name = " ".join(e["name"].split()[:2])
            assert (e["cat"], name) not in self.spans, e
            self.spans[e["cat"], name] = {"begin": in_ps(e["ts"]), "args": e.get("args", {}), "stages": {}, "text": e["name"]}
        else:
            assert len(track["open"]) == 1, e
        track["open"].append(e)

    def _end(self, e):
        stack = self._async[e["cat"], e["id"]]["open"]
        begun = stack.pop()
        took = in_ps(e["ts"]) - in_ps(begun["ts"])
        assert took >= 0, (begun, e)
        if "ps" in begun.get("args", {}):
            assert begun["args"]["ps"] == took, (begun, e)
        span = self.spans[e["cat"], " ".join((stack[0] if stack else begun)["name"].split()[:2])]
        if stack:
            span["stages"][begun["name"]] = took
        else:
            span["end"] = in_ps(e["ts"])

    def _name(self, e):
        assert (e["cat"], e["id"]) not in self._async, e
        self._async[e["cat"], e["id"]] = {"open": [], "name": e["name"]}
        self.tracks.add(e["name"])

    def _inside(self, e, end):
        """A thread's slices nest; what is over leaves."""
        stack = self._threads[e["tid"]]
        while stack and stack[-1][0] == "X" and stack[-1][1] <= in_ns(e["ts"]):
            stack.pop()
        assert not stack or stack[-1][0] == "B" or end <= stack[-1][1], ("dropped by the viewer", e, stack[-1])
        return stack

    def _slice(self, e):
        assert in_ps(e["dur"]) >= 0, e
        end = in_ns(e["ts"]) + in_ns(e["dur"])
        self._inside(e, end).append(("X", end, e))
        self.slices.append(e)
        if "bind_id" in e:
            self.arrows[int(e["bind_id"], 16)].append(e)

    def _call(self, e):
        self._inside(e, in_ns(e["ts"])).append(("B", 0, e))
        self.calls.append(e)

    def _return(self, e):
        stack = self._inside(e, in_ns(e["ts"]))
        assert stack and stack[-1][0] == "B" and stack[-1][2]["name"] == e["name"], ("nothing to end", e)
        stack.pop()

    def _mark(self, e):
        assert e["name"], e
        self.marks.append(e)

    def _count(self, e):
        (what, value), = e["args"].items()
        values = self.counters[f"{e['name']} {what}"]
        assert value >= 0 and (not values or values[-1] != value), e
        values.append(value)

    def of(self, category):
        return {name: s for (c, name), s in self.spans.items() if c == category}
