"""On a shop whose latent demand is known, the correction halves what sales alone miss."""

from datetime import date

from tests.known_demand import demand_found, make_demand_world


def test_the_correction_halves_the_error_against_latent_demand():
    world = make_demand_world(3, until=date(2026, 6, 30), products=60, customers=900, days=300)
    found = demand_found(world)
    assert found["wape_corrected"] < 0.5 * found["wape_sales_only"]
