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
  description = "Endpoints by name: where events go, and which."
}

resource "digitalriver_webhook" "this" {
  for_each = var.endpoints

  address = each.value.address
  types   = each.value.types
}

output "webhook_ids" {
  description = "Ids of the webhooks by name of the endpoint."
  value       = { for name, webhook in digitalriver_webhook.this : name => webhook.id }
}

output "live_mode" {
  description = "Mode that the webhooks are of; null without a webhook."
  value       = one(distinct([for webhook in digitalriver_webhook.this : webhook.live_mode]))
}
