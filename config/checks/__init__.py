"""The checks before a start: account, gateway, market data."""
