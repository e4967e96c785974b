# Webhooks that were made by hand, written as one map. The import block finds the
# ID of each by its address. The key comes from the environment.

terraform {
  required_version = ">= 1.7"

  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

provider "digitalriver" {}

locals {
  webhooks = {
    orders = {
      address = "https://shop.example.com/digital-river/orders"
      types   = ["order.accepted", "order.blocked"]
    }
    fulfillments = {
      address = "https://shop.example.com/digital-river/fulfillments"
      types   = ["fulfillment.created"]
    }
  }
}

data "digitalriver_webhooks" "all" {}

import {
  for_each = merge([
    for name, webhook in local.webhooks : {
      for found in data.digitalriver_webhooks.all.webhooks : name => found.id
      if found.address == webhook.address
    }
  ]...)

  to = digitalriver_webhook.shop[each.key]
  id = each.value
}

resource "digitalriver_webhook" "shop" {
  for_each = local.webhooks

  address = each.value.address
  types   = each.value.types
}
