# Renders the addresses that Digital River sends events from as files for
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
  description = "Table of the inet family for the sets. The rules that use them must be in the same table."
  type        = string
  default     = "filter"
}

data "digitalriver_safelist_ips" "this" {}

output "nginx_allow_list" {
  description = "File to include in the nginx location of the webhook endpoint."
  value       = templatefile("${path.module}/templates/nginx.conf.tftpl", { safelist = data.digitalriver_safelist_ips.this })
}

output "nftables_sets" {
  description = "File to load with nft -f. Loading it again replaces the addresses."
  value = templatefile("${path.module}/templates/nftables.nft.tftpl", {
    safelist = data.digitalriver_safelist_ips.this
    table    = var.nftables_table
  })
}
