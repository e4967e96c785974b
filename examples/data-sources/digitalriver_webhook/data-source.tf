# Look up a webhook by address.
data "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/digital-river/orders"
}

# Look up a webhook by ID.
data "digitalriver_webhook" "refunds" {
  id = "177ef997-db7f-42f5-a28d-b0a1ee1267e9"
}

output "orders_webhook" {
  value = {
    id      = data.digitalriver_webhook.orders.id
    enabled = data.digitalriver_webhook.orders.enabled
  }
}
