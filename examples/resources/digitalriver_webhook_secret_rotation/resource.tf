resource "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/digital-river/orders"
  types   = ["order.accepted", "order.blocked"]
}

# A new secret every 90 days. The one before it works for a day more, so that
# the endpoint can take the new one over meanwhile.
resource "digitalriver_webhook_secret_rotation" "orders" {
  webhook_id                  = digitalriver_webhook.orders.id
  rotation_days               = 90
  previous_secret_valid_hours = 24

  # Change a value to rotate now.
  triggers = {
    reason = "first secret"
  }
}
