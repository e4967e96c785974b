# Added by the step of `make demo` that rotates the signing secret.

variable "rotation" {
  description = "Raise this number to rotate the signing secret now."
  type        = number
  default     = 1
}

resource "digitalriver_webhook_secret_rotation" "orders" {
  webhook_id                  = digitalriver_webhook.orders.id
  rotate_on_create            = false
  previous_secret_valid_hours = 24

  triggers = {
    rotation = var.rotation
  }
}

output "secret_id" {
  value = digitalriver_webhook_secret_rotation.orders.secret_id
}

output "rotated_at" {
  value = digitalriver_webhook_secret_rotation.orders.rotated_at
}
