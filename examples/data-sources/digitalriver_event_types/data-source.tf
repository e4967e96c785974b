# Needs no API key: the catalog ships with the provider.
data "digitalriver_event_types" "refunds" {
  product = "digital_river_api"
  pattern = "*refund*"
}

# The description of each event type, without the older spellings.
output "refund_events" {
  value = {
    for event_type in data.digitalriver_event_types.refunds.event_types :
    event_type.type => event_type.description
    if event_type.replaced_by == null
  }
}
