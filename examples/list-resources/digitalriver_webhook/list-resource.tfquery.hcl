# All webhooks of the account and mode of the API key.
list "digitalriver_webhook" "all" {
  provider = digitalriver
  limit    = 1000
}

# Enabled webhooks of one host that receive events about orders.
list "digitalriver_webhook" "shop" {
  provider = digitalriver

  config {
    types          = ["order.*"]
    enabled        = true
    address_prefix = "https://shop.example.com/"
  }
}
