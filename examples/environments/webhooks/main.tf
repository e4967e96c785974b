# The webhooks of one account.

terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

variable "endpoints" {
  type = map(object({
    address = string
    types   = list(string)
  }))
  description = "Endpoints by name: the address of each, and its event types."
}

resource "digitalriver_webhook" "this" {
  for_each = var.endpoints

  address = each.value.address
  types   = each.value.types
}

output "webhook_ids" {
  description = "Ids of the webhooks, by endpoint name."
  value       = { for name, webhook in digitalriver_webhook.this : name => webhook.id }
}

output "live_mode" {
  description = "Whether the webhooks are in live mode; null if there are no webhooks."
  value       = one(distinct([for webhook in digitalriver_webhook.this : webhook.live_mode]))
}
