resource "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/digital-river/orders"
  types   = ["order.accepted", "order.blocked"]
}

# A leaked secret: terraform apply -invoke=action.digitalriver_rotate_webhook_secret.leaked
action "digitalriver_rotate_webhook_secret" "leaked" {
  config {
    webhook_id                  = digitalriver_webhook.orders.id
    previous_secret_valid_hours = 0
  }
}
