"""The codes of all alerts, for what may be chosen in ``alerts.events``; docs/alerts.md says what each means. Pure."""

ALERT_CODES = frozenset(
    """
    alert_channel alert_channel_back bars_unrecorded cancel_refused closed_elsewhere commission_missing data_fresh
    data_stale data_stale_held day_summary engine_behind entry entry_dropped entry_timeout exit farm_back farm_down
    flatten foreign_fill halt handler_failed handler_failures held_back journal journal_restored late_fill link_back
    link_degraded link_lost link_unwatched log_file loop_slow loss_limit loss_limit_near no_answer no_history node_back
    node_down node_hangs not_flat
    operator_halt operator_resume order_refused order_stream_dead other_positions partial position_break
    restarted_after_crash start_failed started
    stop_coverage stop_lost stop_missing stop_modify_rejected stop_raised stop_restored stop_spare stopped stopped_early
    unprotected
    """.split()  # noqa: SIM905 - one a line would be a page
)
