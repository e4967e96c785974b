# Needs a running sandbox:
#
#   terraform-provider-digitalriver sandbox
#   terraform init
#   terraform test
#
# Set TF_VAR_base_url if it listens elsewhere. Terraform destroys what the tests
# created.

run "each_account_gets_its_webhooks" {
  assert {
    condition     = toset(keys(output.test_webhook_ids)) == toset(["fulfillments", "orders"])
    error_message = "The test account must have one webhook per endpoint."
  }

  assert {
    condition     = module.test.live_mode == false && module.live.live_mode == true
    error_message = "Each account must hold webhooks of its own mode."
  }

  assert {
    condition     = toset(data.digitalriver_webhooks.test.ids) == toset(values(output.test_webhook_ids))
    error_message = "The test account must show its own webhooks only."
  }
}

run "an_endpoint_that_is_dropped_loses_its_webhook" {
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
    error_message = "Only the endpoint that is left may have a webhook."
  }
}

run "two_test_endpoints_of_one_event_are_warned_of" {
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
