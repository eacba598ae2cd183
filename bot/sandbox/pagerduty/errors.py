"""Errors as PagerDuty's REST API answers them.

https://developer.pagerduty.com/docs/rest-api-v2/errors/
"""

from typing import Any


class ApiError(Exception):
    """An answer other than 2xx: HTTP status, PagerDuty's own code, message and details."""

    def __init__(self, status: int, code: int, message: str, *details: str) -> None:
        """Keep what the answer needs."""
        super().__init__(message, *details)
        self.status, self.code, self.message, self.details = status, code, message, details
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The JSON body. `errors` is left out when there are no details, as the vendor does."""
        error: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.details:
            error["errors"] = list(self.details)
        return {"error": error}


def invalid(*details: str) -> ApiError:
    """400, code 2001: the request does not make sense."""
    return ApiError(400, 2001, "Invalid Input Provided", *details)


def duplicate_key() -> ApiError:
    """400, code 2002: `incident_key` is that of an open incident of the same service."""
    detail = "Open incident with matching dedup key already exists on this service"
    return ApiError(400, 2002, "Arguments Caused Error", detail)


def already_resolved() -> ApiError:
    """400, code 1001."""
    return ApiError(400, 1001, "Incident Already Resolved")


def already_acknowledged() -> ApiError:
    """400, code 1002: the same user acknowledged it before."""
    return ApiError(400, 1002, "Incident Already Acknowledged")


def invalid_status() -> ApiError:
    """400, code 1003."""
    return ApiError(400, 1003, "Invalid Status Provided")


def cannot_escalate(reason: str) -> ApiError:
    """400, code 1006: no such level, low urgency, or not open."""
    return ApiError(400, 1006, "Incident Cannot Be Escalated", reason)


def unknown_requester() -> ApiError:
    """400, code 1008: no active user has the address of the From header."""
    return ApiError(400, 1008, "Requester User Not Found")


def malformed_from() -> ApiError:
    """400, code 1028: the From header is not an e-mail address."""
    return ApiError(400, 1028, 'Malformed "From" header')


def missing_from() -> ApiError:
    """400, code 2016: an account key needs a From header here."""
    text = 'You must specify a user\'s email address in the "From" header to perform this action'
    return ApiError(400, 2016, text)


def nobody_on_call() -> ApiError:
    """400, code 1015: the escalation policy leads to nobody."""
    return ApiError(400, 1015, "No On-Call User Found For Escalation Policy")


def already_merged() -> ApiError:
    """400, code 1019."""
    return ApiError(400, 1019, "Incident Already Merged")


def unknown_priority() -> ApiError:
    """400, code 1020."""
    return ApiError(400, 1020, "Priority Not Found")


def unauthorized() -> ApiError:
    """401, code 2006."""
    return ApiError(401, 2006, "Authentication Failed")


def access_denied() -> ApiError:
    """403, code 2010: a read-only key wrote."""
    return ApiError(403, 2010, "Access Denied")


def not_found(what: str = "Not Found") -> ApiError:
    """404, code 2100."""
    return ApiError(404, 2100, what)


def incident_not_found() -> ApiError:
    """404, code 5001."""
    return ApiError(404, 5001, "Incident Not Found")


def rate_limited() -> ApiError:
    """429, code 2020: https://developer.pagerduty.com/docs/rest-api-rate-limits/."""
    return ApiError(429, 2020, "Rate Limit Exceeded")


def missing_ability(name: str) -> ApiError:
    """402, code 2014: the plan does not include it."""
    return ApiError(402, 2014, "Account does not have the ability", name)


def too_large(detail: str) -> ApiError:
    """413: more than a bulk request may carry."""
    return ApiError(413, 2001, "Request Entity Too Large", detail)
