"""Erasing personal parts: asked for, refused where the law keeps the paper, carried out, confirmed."""
