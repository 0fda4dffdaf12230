"""The pages, one module for each area; each has `PAGES`, a row for each page. ``node.web.app`` lists the modules."""
