resource "digitalriver_webhook" "orders" {
  address = "https://example.com/webhooks/orders"
  types   = provider::digitalriver::event_types("order.*", "refund.complete")
}
