"""Files in WooCommerce's columns. Where they are described: shop/importers/woocommerce."""
