# SPDX-License-Identifier: Apache-2.0
"""Holds the compliance pages against the tests: every statement of a page's table `statement by statement` is carried
by a test unless its status says that it is not modelled, stands there once, and no test carries a number that the page
does not list. Prints each breach; exit 1 if there is one. `--selftest` shows that each rule can fail."""
import pathlib
import re
import sys

PAGES = {"P": "docs/compliance-pcie.md"}
ROW = re.compile(r"^\| ([PS])-(\d{3}) \| [^|]+ \| ([^|]+) \|")
NAME = re.compile(r"\bTEST(?:_F|_P)?\(\s*\w+,\s*(\w+)\)|RC_GTEST_PROP\(\s*\w+,\s*(\w+)\s*,")
NUMBER = re.compile(r"(?:^|_)([PS])_(\d{3})(?=_|$)")
STATUS = {"modelled", "choice", "not modelled"}


def rows(page):
    return [(m[1] + m[2], m[3].strip()) for m in map(ROW.match, page.splitlines()) if m]


def numbers(sources):
    found = set()
    for text in sources:
        for name in NAME.finditer(text):
            found |= {kind + number for kind, number in NUMBER.findall(name[1] or name[2])}
    return found


def breaches(letter, listed, tested):
    found = []
    seen = set()
    for number, status in listed:
        if status not in STATUS:
            found.append(f"{number}: status '{status}'; expected one of {', '.join(sorted(STATUS))}")
        if number in seen:
            found.append(f"{number}: listed twice")
        seen.add(number)
        if (status == "not modelled") == (number in tested):
            found.append(f"{number}: listed as {status}, and {'a' if number in tested else 'no'} test carries it")
    found += [f"{n}: a test carries it, and no row lists it" for n in sorted(tested) if n[0] == letter and n not in seen]
    return found if listed else [f"no row begins with '| {letter}-'"]


def selftest():
    good = [("P001", "modelled"), ("P002", "not modelled")]
    cases = [(good + [("P001", "modelled")], {"P001"}), (good, set()), (good, {"P001", "P003"}), (good, {"P001", "P002"}),
             ([("P001", "done")], {"P001"}), ([], set())]
    assert breaches("P", good, {"P001", "S009"}) == []
    assert all(breaches("P", listed, tested) for listed, tested in cases)
    assert numbers(["TEST(A, P_001_x)", "TEST_F(A,\n     S_002)", "TEST_P(B, P_003_P_004_y)"]) == \
        {"P001", "S002", "P003", "P004"}


def main(root):
    tested = numbers(p.read_text() for p in sorted((root / "tests").rglob("*_test.cpp")))
    found = [f"{page}: {b}" for letter, page in PAGES.items()
             for b in breaches(letter, rows((root / page).read_text()), tested)]
    print("\n".join(found) if found else "every statement is listed once and tested")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--selftest"]:
        selftest()
    else:
        sys.exit(main(pathlib.Path(sys.argv[1])))
