# Renders the addresses that Digital River sends webhooks from into files for
# nginx and nftables. It needs no API key:
#
#   terraform init
#   terraform apply
#   terraform output -raw nginx_allow_list > digitalriver.conf
#   terraform output -raw nftables_sets > digitalriver.nft

terraform {
  required_providers {
    digitalriver = {
      source = "digitalriver/digitalriver"
    }
  }
}

variable "nftables_table" {
  description = "Table of the inet family that holds the sets; the rules that use them stand in the same table."
  type        = string
  default     = "filter"
}

data "digitalriver_safelist_ips" "this" {}

output "nginx_allow_list" {
  description = "To include in the location of the webhook endpoint."
  value       = templatefile("${path.module}/templates/nginx.conf.tftpl", { safelist = data.digitalriver_safelist_ips.this })
}

output "nftables_sets" {
  description = "To load with nft -f, as often as wanted."
  value = templatefile("${path.module}/templates/nftables.nft.tftpl", {
    safelist = data.digitalriver_safelist_ips.this
    table    = var.nftables_table
  })
}
