"""The local DMS. It never imports the client; what both need stands below both."""

from dms_backfill_sdk.clock import ManualClock, SystemClock
from dms_backfill_sdk.emulator.emulator import Emulator
from dms_backfill_sdk.emulator.faults import Fault
from dms_backfill_sdk.emulator.keyring import Key
from dms_backfill_sdk.emulator.nodes import NodeContext
from dms_backfill_sdk.emulator.ram import FULL_ACCESS, Policy
from dms_backfill_sdk.emulator.switches import Switches

__all__ = ["FULL_ACCESS", "Emulator", "Fault", "Key", "ManualClock", "NodeContext", "Policy", "Switches", "SystemClock"]
