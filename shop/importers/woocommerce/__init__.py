"""Files as WooCommerce exports them. What becomes of each column: docs/import.md, "woocommerce".

Columns after the descriptions of its own product exporter and of its order and customer export:
https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
https://woocommerce.com/document/product-csv-importer-exporter/
https://woocommerce.com/document/ordercustomer-csv-export/
"""
