# tested by: tests/cxone/test_webhook_client.py
"""Sign outgoing callbacks, with a time stamp against replay."""

from __future__ import annotations

import hashlib
import hmac

from reconciler.model.secret import Secret


def make_signature(secret: Secret, moment: int, body: bytes) -> str:
    """`t=<moment>,v1=<hex>`: an HMAC-SHA256 with the webhook's secret over the moment, a dot, and the body's bytes.

    Args:
        moment: of the sending, in whole seconds since 1970 UTC.
    """
    signed = b"%d.%s" % (moment, body)
    return f"t={moment},v1={hmac.new(secret.reveal().encode(), signed, hashlib.sha256).hexdigest()}"
