"""``check`` beside a node of ours: that it uses the client id is no failure, and no reason to take another one."""

from dataclasses import replace

from config.checks.preflight import Preflight
from config.checks.tws_failures import client_id_taken
from config.checks.verdicts import Check
from config.live.state_dir import trading_process
from config.schema import Settings


def beside_our_own(found: Preflight, settings: Settings) -> Preflight:
    """Return the checks with the client id of a node that runs here as a warning: it ends the look at the gateway."""
    ib, failed = settings.ib, [each for each in found.checks if each.verdict == "failed"]
    is_taken = [each.found for each in failed] == [client_id_taken(ib.client_id).found]
    process = trading_process(settings.account.id, ib.host, ib.port) if is_taken else ""
    if not process:
        return found
    text = f"the node itself runs (process {process}); account and symbols are not looked at beside it"
    known = Check(failed[0].name, "warning", text, "How it stands: uv run run_live.py status")
    return replace(found, checks=tuple(known if each is failed[0] else each for each in found.checks), exit_code=0)
