terraform import digitalriver_webhook.orders 177ef997-db7f-42f5-a28d-b0a1ee1267e9
