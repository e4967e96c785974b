# The webhooks of a test and a live account, from one module. With the default
# values it runs against the sandbox:
#
#   terraform-provider-digitalriver sandbox
#   terraform init
#   terraform apply

terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

# live_mode makes a key of the other mode an error before anything changes.
provider "digitalriver" {
  alias     = "test"
  base_url  = var.base_url
  api_key   = var.test_api_key
  live_mode = false
}

provider "digitalriver" {
  alias     = "live"
  base_url  = var.base_url
  api_key   = var.live_api_key
  live_mode = true
}

module "test" {
  source    = "./webhooks"
  providers = { digitalriver = digitalriver.test }
  endpoints = var.test_endpoints
}

module "live" {
  source    = "./webhooks"
  providers = { digitalriver = digitalriver.live }
  endpoints = var.live_endpoints
}

# An endpoint receives every event of its types, even for orders that it does not
# know. If it keeps responding with errors, Digital River disables its webhook.
check "one_test_endpoint_per_event" {
  # All webhooks of the test account, including those outside this configuration.
  # Inside the check, an API that does not respond is a warning, not an error.
  data "digitalriver_webhooks" "test" {
    provider   = digitalriver.test
    depends_on = [module.test]
  }

  assert {
    condition     = length(data.digitalriver_webhooks.test.shared_types) == 0
    error_message = "More than one endpoint of the test account receives: ${join(", ", keys(data.digitalriver_webhooks.test.shared_types))}."
  }
}

output "test_webhook_ids" {
  description = "Ids of the test account's webhooks, by endpoint name."
  value       = module.test.webhook_ids
}

output "live_webhook_ids" {
  description = "Ids of the live account's webhooks, by endpoint name."
  value       = module.live.webhook_ids
}
