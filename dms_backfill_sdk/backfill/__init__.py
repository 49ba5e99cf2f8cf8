"""What we add to the service: see it first (plan), start it once (submit), know where it stands (job), finish
it however long it is (campaign).

Nothing here knows how a request is sent. The conversations ask by typed requests, and a client carries them out.
"""

from dms_backfill_sdk.backfill.campaign import Campaign
from dms_backfill_sdk.backfill.campaign_plan import CampaignPlan
from dms_backfill_sdk.backfill.flow import TaskFlow
from dms_backfill_sdk.backfill.history import Standing
from dms_backfill_sdk.backfill.job import Change, Job
from dms_backfill_sdk.backfill.plan import Plan, PlannedRun
from dms_backfill_sdk.backfill.report import CampaignReport
from dms_backfill_sdk.backfill.watch import Progress
from dms_backfill_sdk.backfill.windows import Window

__all__ = [
    "Campaign",
    "CampaignPlan",
    "CampaignReport",
    "Change",
    "Job",
    "Plan",
    "PlannedRun",
    "Progress",
    "Standing",
    "TaskFlow",
    "Window",
]
