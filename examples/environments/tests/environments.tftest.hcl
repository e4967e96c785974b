# These tests need a running sandbox without webhooks:
#
#   terraform-provider-digitalriver sandbox
#   terraform init
#   terraform test
#
# Set TF_VAR_base_url if the sandbox listens on another address. Terraform
# destroys the webhooks that the tests create.

run "each_account_has_its_webhooks" {
  assert {
    condition     = toset(keys(output.test_webhook_ids)) == toset(["fulfillments", "orders"])
    error_message = "The test account must have one webhook per endpoint."
  }

  assert {
    condition     = module.test.live_mode == false && module.live.live_mode == true
    error_message = "Each account must have webhooks of its own mode."
  }
}

run "removing_an_endpoint_deletes_its_webhook" {
  variables {
    test_endpoints = {
      orders = {
        address = "https://staging.example.com/digital-river/orders"
        types   = ["order.accepted"]
      }
    }
  }

  assert {
    condition     = toset(keys(output.test_webhook_ids)) == toset(["orders"])
    error_message = "Only the remaining endpoint may have a webhook."
  }
}

run "two_endpoints_for_one_event_fail_the_check" {
  variables {
    test_endpoints = {
      orders = {
        address = "https://staging.example.com/digital-river/orders"
        types   = ["order.accepted"]
      }
      qa_orders = {
        address = "https://qa.example.com/digital-river/orders"
        types   = ["order.accepted"]
      }
    }
  }

  expect_failures = [check.one_test_endpoint_per_event]
}
