"""The next paper of a dealing, written as far as the dealing itself can write it; a person looks over it and sends it.

``steps`` says what a side can do now, ``papers`` writes the draft of one of them. Pure: no store, no clock, no keys.
"""

from node.services.drafting.papers import Context, draft
from node.services.drafting.steps import Step, main_step, possible

__all__ = ["Context", "Step", "draft", "main_step", "possible"]
