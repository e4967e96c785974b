# The configuration that `make demo` applies. It takes the API's address and
# key from DIGITALRIVER_BASE_URL and DIGITALRIVER_API_KEY.

terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

provider "digitalriver" {}

variable "address" {
  description = "URL of the endpoint that gets the events."
  type        = string
  default     = "https://shop.example.com/digital-river/events"
}

resource "digitalriver_webhook" "orders" {
  address = var.address
  types   = ["order.accepted", "order.blocked", "order.cancelled"]
}

output "webhook_id" {
  value = digitalriver_webhook.orders.id
}
