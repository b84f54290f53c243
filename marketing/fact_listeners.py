"""Copy that is out, or about to go out, is pulled by the change that makes it untrue."""

from __future__ import annotations

from marketing.services.campaigns.campaigns import pull_untrue, pull_untrue_ratings
from marketing.services.content.descriptions import keep_descriptions_true
from shop.fact_listeners import register, register_of_ratings

register(pull_untrue)
register(keep_descriptions_true)
register_of_ratings(pull_untrue_ratings)  # a description states none
