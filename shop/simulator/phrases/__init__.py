"""Hand-written words of the shop, in English and Chinese. Data only."""
