"""The command line of ``run_live.py``: what each command does."""
