"""Where can a client be tried without a tenant? Here: a strict, in-memory CXone served over HTTP on loopback.

`with Simulator(Options()) as tenant:` serves it from a thread; `reconciler simulate` serves it from a shell.
"""

from reconciler.simulator.dialler import Stage
from reconciler.simulator.dispositions import Dispositions
from reconciler.simulator.embedded import Simulator
from reconciler.simulator.jobs import Job, Jobs
from reconciler.simulator.options import DispositionLimits, JobPace, Options
from reconciler.simulator.outcomes import Disposition, Written
from reconciler.simulator.records import Campaign, Contact, ContactList
from reconciler.simulator.requestlog import Received, RequestList
from reconciler.simulator.store import Store

__all__ = [
    "Campaign",
    "Contact",
    "ContactList",
    "Disposition",
    "DispositionLimits",
    "Dispositions",
    "Job",
    "JobPace",
    "Jobs",
    "Options",
    "Received",
    "RequestList",
    "Simulator",
    "Stage",
    "Store",
    "Written",
]
