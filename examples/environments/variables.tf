variable "base_url" {
  type        = string
  description = "Base URL of the API. The default is the sandbox; use https://api.digitalriver.com for real accounts."
  default     = "http://127.0.0.1:8787"
}

variable "test_api_key" {
  type        = string
  description = "API key of the test account. The default is the sandbox's."
  default     = "sk_test_sandbox"
  sensitive   = true
}

variable "live_api_key" {
  type        = string
  description = "API key of the live account. The default is the sandbox's."
  default     = "sk_live_sandbox"
  sensitive   = true
}

variable "test_endpoints" {
  type = map(object({
    address = string
    types   = list(string)
  }))
  description = "Endpoints of the test account, by name."
  default = {
    orders = {
      address = "https://staging.example.com/digital-river/orders"
      types   = ["order.accepted", "order.blocked", "order.cancelled"]
    }
    fulfillments = {
      address = "https://staging.example.com/digital-river/fulfillments"
      types   = ["fulfillment.created"]
    }
  }
}

variable "live_endpoints" {
  type = map(object({
    address = string
    types   = list(string)
  }))
  description = "Endpoints of the live account, by name."
  default = {
    orders = {
      address = "https://shop.example.com/digital-river/orders"
      types   = ["order.accepted", "order.blocked", "order.cancelled"]
    }
    fulfillments = {
      address = "https://warehouse.example.com/digital-river/fulfillments"
      types   = ["fulfillment.created"]
    }
  }
}
