terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

# Without an account: the sandbox, started with
#   terraform-provider-digitalriver sandbox
provider "digitalriver" {
  base_url = "http://127.0.0.1:8787"
  api_key  = "sk_test_sandbox"
}

# With an account, leave base_url and api_key out and set
# DIGITALRIVER_API_KEY. live_mode refuses a key of the wrong mode.
provider "digitalriver" {
  alias     = "production"
  live_mode = true
}
