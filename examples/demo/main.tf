# The configuration that `make demo` applies. DIGITALRIVER_BASE_URL and
# DIGITALRIVER_API_KEY set the API's base URL and key.

terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

provider "digitalriver" {}

variable "address" {
  description = "URL of the endpoint that receives the events."
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
