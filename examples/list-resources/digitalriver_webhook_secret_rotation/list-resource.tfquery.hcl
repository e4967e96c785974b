# A rotation for each webhook that is enabled.
list "digitalriver_webhook_secret_rotation" "all" {
  provider = digitalriver
  limit    = 1000

  config {
    enabled = true
  }
}
