"""Files as Shopify's admin exports them. What becomes of each column: docs/import.md, "shopify".

Columns after Shopify's own descriptions of its files (both the header of the older product file and
that of the newer one are read):
https://help.shopify.com/en/manual/products/import-export/using-csv
https://help.shopify.com/en/manual/products/inventory/inventory-csv
https://help.shopify.com/en/manual/customers/import-export-customers
https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders
https://help.shopify.com/en/manual/migrating-to-shopify/transporter-app/csv-orders
"""
