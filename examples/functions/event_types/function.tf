# Provider functions need Terraform 1.8 or OpenTofu 1.8, and this block.
terraform {
  required_version = ">= 1.8"

  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

resource "digitalriver_webhook" "orders" {
  address = "https://example.com/webhooks/orders"
  types   = provider::digitalriver::event_types("order.*", "refund.complete")
}
