"""The process of replenishment: a shop reports sales to a supplier, which proposes orders. Pure."""
