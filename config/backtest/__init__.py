"""A backtest: data, engine, run, record."""
