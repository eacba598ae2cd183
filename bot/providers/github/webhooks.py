"""Whether a webhook is really GitHub's.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def verify(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether ``X-Hub-Signature-256`` is ours by any of ``secrets``, in constant time."""
    told, genuine = (header or "").strip().encode("utf-8", "replace"), False
    for secret in secrets:
        if secret:
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            genuine |= hmac.compare_digest(f"sha256={digest}".encode(), told)
    return genuine
