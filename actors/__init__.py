"""Who watches: components that listen, protect and give account, and the messages between them."""
