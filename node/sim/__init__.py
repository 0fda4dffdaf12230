"""The simulator's driver: whole clusters on virtual time, with faults, from one seed. Same shape as ``node/aio``.

Everything but transport, clock, entropy and disk is the product's own: machines, effect interpreter, services, Store.
"""
