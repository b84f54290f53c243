"""The sentences a draft is made of. A slot is filled from a record, never from the text."""

from __future__ import annotations

from datetime import date

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "hello": "Hello {name},",
        "hello_nobody": "Hello,",
        "sorry": "I am sorry for the trouble.",
        "bye": "Kind regards,\n{shop}",
        "latest": "You named no order, so this is about your latest one.",
        "placed": "Your order {number} was placed on {placed}; no payment is recorded for it yet.",
        "paid": "Your order {number}, placed on {placed}, is paid and has not been sent yet.",
        "paid_on": "Your order {number} was paid on {on} and has not been sent yet.",
        "part_shipped": "Part of your order {number}, placed on {placed}, has been sent; the rest"
        " follows.",
        "part_shipped_on": "Part of your order {number} was sent on {on}; the rest follows.",
        "shipped": "Your order {number}, placed on {placed}, has been sent.",
        "shipped_on": "Your order {number} was sent on {on}.",
        "delivered": "Your order {number}, placed on {placed}, is recorded as delivered.",
        "delivered_on": "Your order {number} is recorded as delivered on {on}.",
        "cancelled": "Your order {number}, placed on {placed}, is cancelled.",
        "cancelled_on": "Your order {number} was cancelled on {on}.",
        "tracking": "The note on the shipment reads: {tracking}",
        "can_cancel": "It has not been sent, so it can still be cancelled.",
        "cannot_cancel": "It has left us, so it can no longer be cancelled.",
        "is_cancelled": "There is nothing left to cancel.",
        "can_redirect": "It has not been sent, so the address can still be changed; please write"
        " the new address in full.",
        "cannot_redirect": "It has left us, so the address can no longer be changed by us.",
        "refund": "A refund of {refund} was recorded on {on} under {number}.",
        "in_stock": "{name} ({sku}) is available at the moment.",
        "no_stock": "{name} ({sku}) is not available at the moment.",
        "total": "Its total is {total}.",
        "thanks": "Thank you for taking the time to write to us.",
        "passage": "From “{title}”: {text}",
    },
    "zh": {
        "hello": "{name}，您好：",
        "hello_nobody": "您好：",
        "sorry": "很抱歉给您带来不便。",
        "bye": "{shop} 敬上",
        "latest": "您没有写明订单号，以下是您最近一笔订单的情况。",
        "placed": "您的订单 {number} 于{placed}提交，目前还没有付款记录。",
        "paid": "您{placed}提交的订单 {number} 已付款，尚未发货。",
        "paid_on": "您的订单 {number} 于{on}付款，尚未发货。",
        "part_shipped": "您{placed}提交的订单 {number} 已部分发货，其余商品随后发出。",
        "part_shipped_on": "您的订单 {number} 已于{on}部分发货，其余商品随后发出。",
        "shipped": "您{placed}提交的订单 {number} 已经发货。",
        "shipped_on": "您的订单 {number} 已于{on}发货。",
        "delivered": "您{placed}提交的订单 {number} 的记录显示已送达。",
        "delivered_on": "您的订单 {number} 的记录显示已于{on}送达。",
        "cancelled": "您{placed}提交的订单 {number} 已取消。",
        "cancelled_on": "您的订单 {number} 已于{on}取消。",
        "tracking": "发货备注：{tracking}",
        "can_cancel": "订单尚未发货，现在仍可取消。",
        "cannot_cancel": "订单已经发出，无法再取消。",
        "is_cancelled": "无需再次取消。",
        "can_redirect": "订单尚未发货，仍可修改地址，请把新的完整地址发给我们。",
        "cannot_redirect": "订单已经发出，我们无法再修改地址。",
        "refund": "退款 {refund} 已于{on}登记，单号 {number}。",
        "in_stock": "{name}（{sku}）目前有货。",
        "no_stock": "{name}（{sku}）目前无货。",
        "total": "订单总额为 {total}。",
        "thanks": "感谢您抽出时间给我们写信。",
        "passage": "《{title}》：{text}",
    },
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def say_date(day: str, language: str) -> str:
    """`2026-11-02` → `2 November 2026` or `2026年11月2日`. Raises ValueError for no date."""
    on = date.fromisoformat(day)
    if language == "zh":
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"
