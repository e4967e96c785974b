resource "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/digital-river/orders"
  types   = ["order.accepted", "order.blocked"]

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.digitalriver_check_webhook.orders]
    }
  }
}

action "digitalriver_check_webhook" "orders" {
  config {
    webhook_id = digitalriver_webhook.orders.id
    event_type = "order.accepted"
  }
}
