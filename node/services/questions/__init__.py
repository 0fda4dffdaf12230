"""Questions between regions as a node's people and its store see them: asked, allowed, answered, gathered, entered."""
