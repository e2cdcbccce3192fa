"""A strict, in-memory CXone tenant, served over HTTP on loopback.

`with Simulator(Options()) as tenant:` serves it from a thread; `reconciler simulate` serves it from a shell.
"""

from reconciler.simulator.contact_outcome import Disposition, Written
from reconciler.simulator.dialler import Stage
from reconciler.simulator.dispositions import Dispositions
from reconciler.simulator.embedded_tenant import Simulator
from reconciler.simulator.jobs import Job, Jobs
from reconciler.simulator.request_log import Received, RequestList
from reconciler.simulator.store import Store
from reconciler.simulator.stored_records import Campaign, Contact, ContactList
from reconciler.simulator.tenant_options import DispositionLimits, JobPace, Options

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
