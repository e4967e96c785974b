# Run with terraform test or tofu test; no API key is needed.

run "safelist" {
  command = plan

  assert {
    condition     = length(data.digitalriver_safelist_ips.this.cidr_blocks) > 0
    error_message = "The safelist is empty."
  }

  assert {
    condition     = alltrue([for block in data.digitalriver_safelist_ips.this.cidr_blocks : can(cidrhost(block, 0))])
    error_message = "An entry of the safelist is not an address range."
  }
}

run "nginx" {
  command = plan

  assert {
    condition = alltrue([
      for block in data.digitalriver_safelist_ips.this.cidr_blocks : strcontains(output.nginx_allow_list, "\nallow ${block};\n")
    ])
    error_message = "An address range has no allow line."
  }

  assert {
    condition     = length(regexall("allow ", output.nginx_allow_list)) == length(data.digitalriver_safelist_ips.this.cidr_blocks)
    error_message = "There are more allow lines than address ranges."
  }

  assert {
    condition     = endswith(output.nginx_allow_list, "\ndeny all;\n")
    error_message = "The allow list does not end with a line that denies all other addresses."
  }
}

run "nftables" {
  command = plan

  variables {
    nftables_table = "webhooks"
  }

  assert {
    condition = strcontains(
      output.nftables_sets,
      "\nadd element inet webhooks digitalriver_ipv4 { ${join(", ", data.digitalriver_safelist_ips.this.ipv4_cidr_blocks)} }\n",
    )
    error_message = "The IPv4 set does not contain all IPv4 ranges."
  }

  assert {
    condition = (
      strcontains(output.nftables_sets, "add element inet webhooks digitalriver_ipv6") ==
      (length(data.digitalriver_safelist_ips.this.ipv6_cidr_blocks) > 0)
    )
    error_message = "The IPv6 set must have elements if, and only if, there are IPv6 ranges."
  }

  assert {
    condition     = !strcontains(output.nftables_sets, "inet filter")
    error_message = "The sets are not in the table that nftables_table names."
  }
}
