terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

# To try the provider without an account, start the sandbox:
#   terraform-provider-digitalriver sandbox
provider "digitalriver" {
  base_url = "http://127.0.0.1:8787"
  api_key  = "sk_test_sandbox"
}

# With an account, omit base_url and api_key, and set DIGITALRIVER_API_KEY.
# live_mode makes a key of the wrong mode an error.
provider "digitalriver" {
  alias     = "production"
  live_mode = true
}
