"""Groups of firms over nodes: what people do in them, and what of them travels. The fold is pure, in the protocol."""
