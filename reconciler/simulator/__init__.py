"""Where can a client be tried without a tenant? Here: a strict, in-memory CXone served over HTTP on loopback.

`with Simulator(Options()) as tenant:` serves it from a thread; `reconciler simulate` serves it from a shell.
"""

from reconciler.simulator.embedded import Simulator
from reconciler.simulator.jobs import Job, Jobs
from reconciler.simulator.options import JobPace, Options
from reconciler.simulator.records import Campaign, Contact, ContactList
from reconciler.simulator.requestlog import Received, RequestList
from reconciler.simulator.store import Store

__all__ = [
    "Campaign",
    "Contact",
    "ContactList",
    "Job",
    "JobPace",
    "Jobs",
    "Options",
    "Received",
    "RequestList",
    "Simulator",
    "Store",
]
