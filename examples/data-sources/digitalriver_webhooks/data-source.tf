# Webhooks that send order events to one host.
data "digitalriver_webhooks" "orders" {
  types          = ["order.*"]
  address_prefix = "https://shop.example.com/"
}

# Disabled webhooks, whether by hand or by Digital River.
data "digitalriver_webhooks" "disabled" {
  enabled = false
}

output "order_webhooks" {
  value = data.digitalriver_webhooks.orders.ids
}

output "disabled_addresses" {
  value = [for webhook in data.digitalriver_webhooks.disabled.webhooks : webhook.address]
}

# No event may go to more than one webhook of the account. Inside the check, an API
# that does not respond is a warning, not an error.
check "one_webhook_per_event" {
  data "digitalriver_webhooks" "all" {}

  assert {
    condition     = length(data.digitalriver_webhooks.all.shared_types) == 0
    error_message = "More than one webhook receives: ${join(", ", keys(data.digitalriver_webhooks.all.shared_types))}."
  }
}
