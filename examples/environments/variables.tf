variable "base_url" {
  type        = string
  description = "Where the API answers: the sandbox by default, https://api.digitalriver.com for real accounts."
  default     = "http://127.0.0.1:8787"
}

variable "test_api_key" {
  type        = string
  description = "Key of the test account; the sandbox's by default."
  default     = "sk_test_sandbox"
  sensitive   = true
}

variable "live_api_key" {
  type        = string
  description = "Key of the live account; the sandbox's by default."
  default     = "sk_live_sandbox"
  sensitive   = true
}

variable "test_endpoints" {
  type = map(object({
    address = string
    types   = list(string)
  }))
  description = "Endpoints of the test account by name."
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
  description = "Endpoints of the live account by name."
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
