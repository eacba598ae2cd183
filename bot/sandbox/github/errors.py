"""Errors as GitHub's REST API answers them.

https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from typing import Any

DOCS = "https://docs.github.com/rest"


class ApiError(Exception):
    """An answer other than 2xx. `errors` is a list of objects for validation failures."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        page: str = "",
    ) -> None:
        """Keep what the answer needs; `page` is the rest of documentation_url."""
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors
        self.headers = headers or {}
        self.page = page
        self.more: dict[str, Any] = {}

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        found: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            found["errors"] = self.errors
        found |= self.more
        return found | {"documentation_url": DOCS + self.page, "status": str(self.status)}


def requires_authentication() -> ApiError:
    """401 without a token."""
    return ApiError(401, "Requires authentication")


def bad_credentials() -> ApiError:
    """401 with a wrong one."""
    return ApiError(401, "Bad credentials")


def not_found() -> ApiError:
    """404: not there, or not for this token; GitHub does not say which."""
    return ApiError(404, "Not Found")


def forbidden() -> ApiError:
    """403: visible, and not allowed to change it."""
    return ApiError(403, "Resource not accessible by personal access token")


def issues_disabled() -> ApiError:
    """410."""
    return ApiError(410, "Issues are disabled for this repo", page="/issues")


def gone() -> ApiError:
    """410: the issue was deleted."""
    return ApiError(410, "This issue was deleted", page="/issues/issues#get-an-issue")


def moved(location: str) -> ApiError:
    """301: what was asked for is somewhere else now; `url` says so once more."""
    found = ApiError(
        301,
        "Moved Permanently",
        headers={"Location": location},
        page="/guides/best-practices-for-using-the-rest-api#follow-redirects",
    )
    found.more = {"url": location}
    return found


def validation(resource: str, field: str, code: str, **more: object) -> ApiError:
    """422 Validation Failed with one error. Codes: missing_field, invalid, already_exists, ..."""
    error: dict[str, Any] = {"resource": resource, "field": field, "code": code}
    return ApiError(422, "Validation Failed", errors=[error | more])


def too_long(resource: str, field: str, limit: int) -> ApiError:
    """422: more text than fits."""
    text = f"{field} is too long (maximum is {limit} characters)"
    return validation(resource, field, "custom", message=text)


def invalid(message: str) -> ApiError:
    """422 with a sentence and no list of errors."""
    return ApiError(422, message)


def conflict(message: str) -> ApiError:
    """409."""
    return ApiError(409, message)


def malformed() -> ApiError:
    """400: not JSON."""
    return ApiError(400, "Problems parsing JSON")


def primary_limit(headers: dict[str, str]) -> ApiError:
    """403 with `x-ratelimit-remaining: 0`."""
    return ApiError(
        403,
        "API rate limit exceeded for user.",
        headers=headers,
        page="/overview/rate-limits-for-the-rest-api",
    )


def secondary_limit(seconds: int, headers: dict[str, str]) -> ApiError:
    """403 with `retry-after` while the primary limit is far away."""
    return ApiError(
        403,
        "You have exceeded a secondary rate limit and have been temporarily blocked from content "
        "creation. Please retry your request again later.",
        headers=headers | {"retry-after": str(seconds)},
        page="/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
    )
