"""CSV and Excel in and out: what a file says as rows, which column is what, values read as people write them.

>>> table = read(data, "orders.xlsx")          # rows of texts
>>> mapping = guess(table, "items")            # which column is what; a person may change it and keep it
>>> seen = preview(table, mapping)             # good lines, and every wrong one with line, column and rule
>>> write_csv(titles, rows), write_xlsx(…)     # out, safe to open

Nothing is stored here. Files come from strangers: sizes are limited before anything is unpacked.
"""

from node.papers.tabular.layouts import LAYOUTS, Field
from node.papers.tabular.mapping import Mapping, Preview, Problem, Record, guess, preview
from node.papers.tabular.reading import Table, read
from node.papers.tabular.writing import write_csv, write_xlsx

__all__ = [
    "LAYOUTS",
    "Field",
    "Mapping",
    "Preview",
    "Problem",
    "Record",
    "Table",
    "guess",
    "preview",
    "read",
    "write_csv",
    "write_xlsx",
]
