import {
  to = digitalriver_webhook_secret_rotation.orders
  id = "177ef997-db7f-42f5-a28d-b0a1ee1267e9"
}
