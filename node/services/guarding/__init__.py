"""Our members' copies at guardians: agreements, the choice, the vault, frames, and what may be called safe."""
