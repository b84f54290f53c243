"""The known-truth shop: a whole shop whose every cause is known (docs/simulator.md).

`shop.simulate(world)` is pure (numpy, polars); `loading` fills the database; the truth goes to
files that no model reads.
"""
