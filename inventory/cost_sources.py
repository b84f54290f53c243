"""The preferred supplier's price is what a unit costs: the shop's margin floors ask for it."""

from __future__ import annotations

from inventory.services.costs import unit_costs_minor
from shop.unit_costs import register

register(unit_costs_minor)
