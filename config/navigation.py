"""The sidebar: the merchant's words for the lists, in the order of a working day."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

# Section → (icon, title, address, permission). What is not installed or not allowed is left out.
SECTIONS: list[tuple[Any, list[tuple[str, Any, str, str]]]] = [
    (
        _("Today"),
        [
            ("wb_sunny", _("Brief"), "admin:index", ""),
            ("fact_check", _("Decisions"), "admin:decisions_decision_changelist", "decisions.view_decision"),
            ("inbox", _("Inbox"), "admin:support_inbox", "support.view_ticket"),
        ],
    ),
    (
        _("Catalogue"),
        [
            ("inventory_2", _("Products"), "admin:shop_product_changelist", "shop.view_product"),
            ("qr_code_2", _("SKUs"), "admin:shop_variant_changelist", "shop.view_variant"),
            ("category", _("Categories"), "admin:shop_category_changelist", "shop.view_category"),
            ("sell", _("Prices"), "admin:shop_price_changelist", "shop.view_price"),
            ("reviews", _("Reviews"), "admin:shop_review_changelist", "shop.view_review"),
        ],
    ),
    (
        _("Stock and purchasing"),
        [
            ("warehouse", _("Stock"), "admin:shop_stocklevel_changelist", "shop.view_stocklevel"),
            ("rule", _("Stock check"), "admin:shop_stock_check", "shop.view_stocklevel"),
            ("event_busy", _("Batches"), "admin:shop_batch_changelist", "shop.view_batch"),
            ("fence", _("Ring fences"), "admin:shop_ringfence_changelist", "shop.view_ringfence"),
            ("swap_vert", _("Stock ledger"), "admin:shop_stockmovement_changelist", "shop.view_stockmovement"),
            ("trending_up", _("Forecasts"), "admin:inventory_demandforecast_changelist", "inventory.view_demandforecast"),
            ("category", _("Category forecasts"), "admin:inventory_categoryforecast_changelist", "inventory.view_categoryforecast"),
            ("location_on", _("Forecasts per warehouse"), "admin:inventory_warehouseforecast_changelist", "inventory.view_warehouseforecast"),
            ("remove_shopping_cart", _("Lost demand"), "admin:inventory_lostdemand_changelist", "inventory.view_lostdemand"),
            ("list_alt", _("Purchase plan"), "admin:inventory_plan_worklist", "inventory.view_purchaseorder"),
            ("health_metrics", _("Stock health"), "admin:inventory_stock_health", "inventory.view_skuhealth"),
            ("sell", _("Clearance"), "admin:inventory_clearancedraft_changelist", "inventory.view_clearancedraft"),
            ("local_shipping", _("Purchase orders"), "admin:inventory_purchaseorder_changelist", "inventory.view_purchaseorder"),
            ("event_upcoming", _("Planned purchases"), "admin:inventory_plannedpurchase_changelist", "inventory.view_plannedpurchase"),
            ("schema", _("Plans"), "admin:inventory_replenishmentplan_changelist", "inventory.view_replenishmentplan"),
            ("target", _("Service targets"), "admin:inventory_servicetarget_changelist", "inventory.view_servicetarget"),
            ("account_balance_wallet", _("Purchase budgets"), "admin:inventory_purchasebudget_changelist", "inventory.view_purchasebudget"),
            ("shelves", _("Warehouse space"), "admin:inventory_warehousespace_changelist", "inventory.view_warehousespace"),
            ("schedule", _("Lead times"), "admin:inventory_leadtimeestimate_changelist", "inventory.view_leadtimeestimate"),
            ("factory", _("Suppliers"), "admin:inventory_supplier_changelist", "inventory.view_supplier"),
        ],
    ),
    (
        _("Sales"),
        [
            ("receipt_long", _("Orders"), "admin:shop_order_changelist", "shop.view_order"),
            ("assignment_return", _("Returns"), "admin:shop_return_changelist", "shop.view_return"),
            ("payments", _("Payments"), "admin:shop_payment_changelist", "shop.view_payment"),
            ("undo", _("Refunds"), "admin:shop_refund_changelist", "shop.view_refund"),
            ("package_2", _("Parcels"), "admin:shop_shipment_changelist", "shop.view_shipment"),
            ("percent", _("Tax rates"), "admin:shop_taxrate_changelist", "shop.view_taxrate"),
            ("hourglass_top", _("Waitlist"), "admin:shop_waitlistentry_changelist", "shop.view_waitlistentry"),
            ("group", _("Customers"), "admin:shop_customer_changelist", "shop.view_customer"),
            ("person_off", _("Erasures"), "admin:privacy_erasure_changelist", "privacy.view_erasure"),
            ("timeline", _("Events"), "admin:shop_event_changelist", "shop.view_event"),
        ],
    ),
    (
        _("Marketing"),
        [
            ("groups", _("Segments"), "admin:marketing_segment_changelist", "marketing.view_segment"),
            ("query_stats", _("Audience explorer"), "admin:marketing_audiences", "marketing.view_segment"),
            ("ac_unit", _("Frozen lists"), "admin:marketing_audience_changelist", "marketing.view_audience"),
            ("trending_down", _("Slipping away"), "admin:marketing_slipping", "marketing.view_customerprediction"),
            ("grid_on", _("Cohorts"), "admin:marketing_cohorts", "marketing.view_segment"),
            ("payments", _("Acquisition costs"), "admin:marketing_acquisitioncost_changelist", "marketing.view_acquisitioncost"),
            ("workspace_premium", _("Tiers"), "admin:marketing_tierprogramme_changelist", "marketing.view_tierprogramme"),
            ("face", _("Personas"), "admin:marketing_persona_changelist", "marketing.view_persona"),
            ("campaign", _("Campaigns"), "admin:marketing_campaign_changelist", "marketing.view_campaign"),
            ("stacked_line_chart", _("Whom a message moves"), "admin:marketing_uplift", "marketing.view_campaign"),
            ("bolt", _("Flash sales"), "admin:inventory_flashsale_changelist", "inventory.view_flashsale"),
            ("edit_note", _("Briefs"), "admin:marketing_brief_changelist", "marketing.view_brief"),
            ("sell", _("Coupon offers"), "admin:shop_couponoffer_changelist", "shop.view_couponoffer"),
            ("confirmation_number", _("Coupons"), "admin:shop_coupon_changelist", "shop.view_coupon"),
            ("fact_check", _("Claims"), "admin:marketing_claimrecord_changelist", "marketing.view_claimrecord"),
            ("verified", _("Evidence"), "admin:marketing_evidence_changelist", "marketing.view_evidence"),
            ("balance", _("Rulings on wordings"), "admin:marketing_wordingruling_changelist", "marketing.view_wordingruling"),
            ("gavel", _("Policy rules"), "admin:marketing_policyrule_changelist", "marketing.view_policyrule"),
            ("record_voice_over", _("Brand voice"), "admin:marketing_brandvoice_changelist", "marketing.view_brandvoice"),
            ("spellcheck", _("Glossary"), "admin:marketing_glossaryterm_changelist", "marketing.view_glossaryterm"),
            ("route", _("Journeys"), "admin:marketing_journey_changelist", "marketing.view_journey"),
        ],
    ),
    (
        _("Recommendations"),
        [
            ("monitoring", _("Placement report"), "admin:recommendations_report", "recommendations.view_recommendation"),
            ("rule_settings", _("Rules"), "admin:recommendations_rule_changelist", "recommendations.view_rule"),
            ("tune", _("Placements"), "admin:recommendations_placement_changelist", "recommendations.view_placement"),
            ("autorenew", _("Offer again"), "admin:recommendations_buyagain_changelist", "recommendations.view_buyagain"),
            ("history", _("Bought again"), "admin:recommendations_repeatpurchase_changelist", "recommendations.view_repeatpurchase"),
            ("science", _("Experiments"), "admin:decisions_experiment_changelist", "decisions.view_experiment"),
            ("recommend", _("Why is this here?"), "admin:recommendations_why", "recommendations.view_recommendation"),
            ("show_chart", _("Scorecards"), "admin:recommendations_recommenderrun_changelist", "recommendations.view_recommenderrun"),
        ],
    ),
    (
        _("Support"),
        [
            ("confirmation_number", _("Tickets"), "admin:support_ticket_changelist", "support.view_ticket"),
            ("menu_book", _("Knowledge"), "admin:support_knowledgearticle_changelist", "support.view_knowledgearticle"),
            ("mood", _("Experience"), "admin:support_experience", "support.view_conversationscore"),
            ("thumbs_up_down", _("Praise and blame"), "admin:support_aspects", "shop.view_review"),
        ],
    ),
    (
        _("Machine room"),
        [
            ("model_training", _("Model runs"), "admin:decisions_modelrun_changelist", "decisions.view_modelrun"),
            ("upload_file", _("Imports"), "imports:index", "decisions.add_job"),
            ("forum", _("Text endpoint"), "admin:language_textcall_changelist", "language.view_textcall"),
            ("schedule", _("Jobs"), "admin:decisions_job_changelist", "decisions.view_job"),
            ("webhook", _("Webhooks"), "admin:outbox_endpoint_changelist", "outbox.view_endpoint"),
            ("send", _("Deliveries"), "admin:outbox_delivery_changelist", "outbox.view_delivery"),
            ("key", _("API keys"), "admin:access_apikey_changelist", "access.view_apikey"),
            ("badge", _("Users"), "admin:auth_user_changelist", "auth.view_user"),
        ],
    ),
]  # fmt: skip


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for this user."""
    sections = []
    for title, entries in SECTIONS:
        items = [item for entry in entries if (item := _item(request, *entry))]
        if items:
            sections.append({"title": title, "separator": True, "items": items})
    _mark_where_we_are([item for one in sections for item in one["items"]], request.path)
    return sections


def _mark_where_we_are(items: list[dict[str, Any]], path: str) -> None:
    """One entry: the longest address that the page lies under, or exactly the first page's."""
    index = reverse("admin:index")
    above = [one["link"] for one in items if path.startswith(one["link"]) and one["link"] != index]
    here = max(above, key=len, default=path)
    for item in items:
        item["active"] = item["link"] == here


def _item(request: HttpRequest, icon: str, title: Any, view: str, permission: str) -> dict | None:
    if permission and not request.user.has_perm(permission):
        return None
    try:
        link = reverse(view, current_app=admin.site.name)
    except NoReverseMatch:
        return None
    return {"title": title, "icon": icon, "link": link}
