"""Files in the columns that Shopify imports. Where they are described: shop/importers/shopify."""
