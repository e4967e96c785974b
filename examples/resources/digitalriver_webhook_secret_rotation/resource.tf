resource "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/digital-river/orders"
  types   = ["order.accepted", "order.blocked"]
}

# A new secret every 90 days. The previous one works for another day, which
# gives the endpoint time to switch to the new one.
resource "digitalriver_webhook_secret_rotation" "orders" {
  webhook_id                  = digitalriver_webhook.orders.id
  rotation_days               = 90
  previous_secret_valid_hours = 24

  # Take over the secret that the webhook has, instead of rotating it at once.
  rotate_on_create = false

  # Change any value to rotate now.
  triggers = {
    reason = "first secret"
  }
}
