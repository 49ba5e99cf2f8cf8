"""Run by Airflow's own interpreter: list the hourly runs of some years as ``airflow backfill create`` does.

It asks the timetable for one run after the other, which is all that ``iter_dagrun_infos_between`` does for a backfill
without a database. Prints how many there are and the seconds of CPU time it took.
"""

import sys
import time

import pendulum
from airflow.timetables.base import TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

first = pendulum.datetime(2015, 1, 1)
restriction = TimeRestriction(first, first.add(years=int(sys.argv[1]), hours=-1), catchup=True)
timetable = CronDataIntervalTimetable("0 * * * *", pendulum.timezone("UTC"))
began = time.process_time()
count, info = 0, timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction)
while info is not None:
    count += 1
    info = timetable.next_dagrun_info(last_automated_data_interval=info.data_interval, restriction=restriction)
print(count, time.process_time() - began)
