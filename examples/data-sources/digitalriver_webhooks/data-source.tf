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

# All webhooks of the account, to check that no event goes to more than one.
data "digitalriver_webhooks" "all" {}

check "one_webhook_per_event" {
  assert {
    condition     = length(data.digitalriver_webhooks.all.shared_types) == 0
    error_message = "More than one webhook receives: ${join(", ", keys(data.digitalriver_webhooks.all.shared_types))}."
  }
}
