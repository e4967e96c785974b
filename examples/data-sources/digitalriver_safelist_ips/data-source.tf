# Needs no API key: the list ships with the provider.
data "digitalriver_safelist_ips" "this" {}

output "firewall_ranges" {
  value = data.digitalriver_safelist_ips.this.cidr_blocks
}
