"""Reports over sales lines: what is asked of them, written once for every engine that Ibis speaks to.

Owns the questions (:mod:`~node.reports.questions`), what may be shown of their answers (:mod:`~node.reports.shown`) and
what a weekly series says (:mod:`~node.reports.series`). Does not know where lines are kept or who asks. Ibis and
numpy are loaded in the process that answers questions and nowhere else. Source: docs/adr/0056-reports.md.
"""
