"""October 2026 (令和8年10月) of the demo's firms: what ``yui demo --keep`` tells once its accounts are done.

One TOML file per dealing (T1, T2, …), goods and people in files of their own. The code reads them, writes the papers
that they describe and sends them as a firm's own software would: over the member API.
"""
