#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The epochs that the page's advice names are those of the table in docs/methods.md:  check_advice.py ROOT"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
text = (root / "docs" / "methods.md").read_text()
lines = text[text.index("<!-- table: scripts/methods -->"):].splitlines()[1:]
cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:lines.index("<!-- end of table -->")]]
heads = cells[0]
table = {row[0]: dict(zip(heads, row)) for row in cells[2:]}


def epochs(problem, *methods):
    return [table[problem][method] for method in methods]


def ordinary(problem):
    return epochs(problem, "auto", "lbfgs", "nesterov", "gd")


logistic, poisson, huber = (ordinary(p) for p in ("mtcars/logistic", "warpbreaks/poisson", "diabetes/huber-delta-50"))
median = epochs("diabetes/quantile-0.5", "auto", "lbfgs", "cg", "gd")
lasso = epochs("diabetes/lasso-raw-alpha-1", "auto", "nesterov", "gd")
expected = [
    f"women {table['women/ols']['auto']}, flights_200k {table['flights_200k/ols']['auto']}",
    "mtcars logistic: newton {}, lbfgs {}, nesterov {}, gd {}".format(*logistic)
    + "; warpbreaks poisson: {}, {}, {}, {}".format(*poisson) + "; diabetes huber: {}, {}, {}, {}".format(*huber),
    "diabetes median: newton {}, lbfgs {}, cg {}, gd not within {}".format(*median),
    "diabetes lasso: newton {}, nesterov {}, gd {}".format(*lasso),
    f"flights_200k {table['flights_200k/ols']['gd, 32']}; faithful {{}} and {{}}; kinks are slow: up to 10,000".format(
        *epochs("faithful/ols", "gd, 1", "gd, 32")),
]
found = [told for told in re.findall(r'epochs: "([^"]*)"', (root / "web" / "advice.js").read_text())
         if told and told != "as above, the second number"]
for said, right in zip(found, expected):
    if said != right:
        print(f"web/advice.js says:      {said}\ndocs/methods.md says:    {right}")
if found != expected:
    sys.exit("check_advice: the page's advice and docs/methods.md differ")
print(f"check_advice: {len(found)} findings agree with docs/methods.md")
