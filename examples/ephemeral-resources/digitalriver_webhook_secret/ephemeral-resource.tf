resource "digitalriver_webhook" "orders" {
  address = "https://shop.example.com/digital-river/orders"
  types   = ["order.accepted", "order.blocked"]
}

resource "digitalriver_webhook_secret_rotation" "orders" {
  webhook_id       = digitalriver_webhook.orders.id
  rotation_days    = 90
  rotate_on_create = false # The webhook has a new secret already.
}

# Taking the ID from the rotation makes Terraform rotate before it reads.
ephemeral "digitalriver_webhook_secret" "orders" {
  webhook_id = digitalriver_webhook_secret_rotation.orders.webhook_id
}

resource "aws_secretsmanager_secret" "orders" {
  name = "digital-river/orders/signing-secret"
}

# A write-only argument keeps the secret out of plan and state. Its version is
# the time of the rotation, so that each new secret is written once.
resource "aws_secretsmanager_secret_version" "orders" {
  secret_id                = aws_secretsmanager_secret.orders.id
  secret_string_wo         = ephemeral.digitalriver_webhook_secret.orders.secret
  secret_string_wo_version = tonumber(formatdate("YYYYMMDDhhmmss", digitalriver_webhook_secret_rotation.orders.rotated_at))
}
