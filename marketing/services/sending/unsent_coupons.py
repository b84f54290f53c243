"""Coupons of messages that certainly did not leave go back: nobody has seen the code, and its money
is held for nothing. Where nobody knows whether a message left, its coupon stays open."""

from __future__ import annotations

from marketing.models import Send, SendState
from shop.services.coupons.ledger import take_back_unseen

NEVER_LEFT = (SendState.FAILED, SendState.SKIPPED)
AT_ONCE = 500
MOST = 5_000  # of one round of the clock


def return_unsent() -> int:
    """Read from the rows, so that a worker that died in between has lost nothing. Twice is once."""
    done = 0
    for _round in range(MOST // AT_ONCE):
        lost = Send.objects.filter(state__in=NEVER_LEFT, coupon__isnull=False)
        rows = list(lost.order_by("coupon", "pk").values_list("pk", "coupon")[:AT_ONCE])
        if not rows:
            break
        for send_id, coupon_id in rows:
            done += take_back_unseen(
                coupon_id, _nobody_saw, note=f"message {send_id} did not leave"
            )
            Send.objects.filter(pk=send_id, state__in=NEVER_LEFT).update(coupon=None)
    return done


def _nobody_saw(coupon_id: int) -> bool:
    """No other message shows the code, or is about to: asked under the offer's lock, under which
    messages get theirs."""
    return not Send.objects.filter(coupon=coupon_id).exclude(state__in=NEVER_LEFT).exists()
