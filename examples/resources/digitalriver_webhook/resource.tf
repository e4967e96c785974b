resource "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/digital-river/orders"
  types   = ["order.accepted", "order.blocked", "order.cancelled"]
}

# Basic authentication at the endpoint. The password is stored in neither plan
# nor state; raise the version to send a new one.
variable "refunds_password" {
  type      = string
  ephemeral = true
}

resource "digitalriver_webhook" "refunds" {
  address = "https://shop.example.com/digital-river/refunds"
  types   = ["refund.complete", "refund.failed"]

  authentication = {
    username            = "digital-river"
    password_wo         = var.refunds_password
    password_wo_version = 1
  }
}

# A bearer token that Digital River requests and sends to the endpoint.
variable "fulfillments_client_secret" {
  type      = string
  ephemeral = true
}

resource "digitalriver_webhook" "fulfillments" {
  address     = "https://warehouse.example.com/digital-river/fulfillments"
  types       = ["fulfillment.created"]
  api_version = "2021-12-13"

  oauth = {
    token_endpoint           = "https://login.example.com/oauth2/token"
    grant_type               = "client_credentials"
    client_id                = "digital-river"
    client_secret_wo         = var.fulfillments_client_secret
    client_secret_wo_version = 1
  }
}
