"""When and how much: signal rules, sizing, stops, the entry gate and the strategy that runs them."""
