"""The pages for people: Jinja2 and htmx on the member API's port. Reaches past no service; loaded at the first page."""
