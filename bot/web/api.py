"""``/api/incidents``: declare and read, for programs. Bearer ``API_TOKEN``; OpenAPI at ``/docs``."""

from __future__ import annotations

import hmac
from datetime import datetime  # noqa: TC003 - FastAPI reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, field_validator

from bot.domain.incident import Actor, Origin
from bot.errors import FieldError, NotFound
from bot.services.incidents import NewIncident

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.incident import Incident
    from bot.services.incidents import Incidents

_bearer = HTTPBearer(auto_error=False)
#: The largest number a database column of ours can hold.
_LARGEST = 2**31 - 1


class IncidentIn(BaseModel):
    """What to declare."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, Field(description="One line that says what is broken.")]
    severity: str | None = None
    service: str | None = None
    description: str = ""
    private: bool = False
    detected_by: str = Field(default="", max_length=200, description="Who or what found it.")

    @field_validator("title")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            msg = "Give the incident a title: one line that says what is broken."
            raise ValueError(msg)
        return value


class IncidentOut(BaseModel):
    """An incident. Links come as the steps are done; they are null until then."""

    number: int
    id: str
    title: str
    drill: bool  # a test: nothing is broken
    status: str
    phase: str
    severity: str | None
    urgency: str
    priority: str | None
    service: str | None
    owner: str | None
    origin: str
    started_at: datetime
    detected_at: datetime
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    links: dict[str, str | None]


def incident_out(incident: Incident) -> IncidentOut:
    """The incident as programs see it."""
    return IncidentOut(
        number=incident.number,
        id=incident.name,
        title=incident.title,
        drill=incident.drill,
        status=incident.status.value,
        phase=incident.phase.value,
        severity=incident.severity,
        urgency=incident.urgency.value,
        priority=incident.priority,
        service=incident.service,
        owner=incident.owner.name if incident.owner else None,
        origin=incident.origin.value,
        started_at=incident.started_at,
        detected_at=incident.detected_at or incident.created_at,
        acknowledged_at=incident.acknowledged_at,
        mitigated_at=incident.mitigated_at,
        resolved_at=incident.resolved_at,
        links={
            "channel": incident.places.channel,
            "channel_name": incident.places.channel_name if incident.places.channel else None,
            "announcement": incident.places.announcement_url,
            "pagerduty": incident.pager.url,
            "github": incident.ticket.url if incident.ticket else None,
            "postmortem": incident.places.postmortem_url,
        },
    )


def router(incidents: Incidents, api_token: str | None) -> APIRouter:
    """The routes; without ``API_TOKEN`` everybody is refused."""
    routes = APIRouter(prefix="/api", tags=["incidents"], dependencies=[Depends(_guard(api_token))])

    @routes.post("/incidents", status_code=202)
    async def declare(
        wanted: IncidentIn, idempotency_key: Annotated[str | None, Header(max_length=255)] = None
    ) -> IncidentOut:
        """Declare an incident; the same ``Idempotency-Key`` gives the first one again."""
        new = NewIncident(
            title=wanted.title,
            severity=wanted.severity,
            service=wanted.service,
            description=wanted.description,
            private=wanted.private,
            origin=Origin.API,
            reporter=Actor(name=wanted.detected_by) if wanted.detected_by else Actor(name="API"),
        )
        try:
            declared = await incidents.declare(new, once=_once(idempotency_key))
        except FieldError as error:
            raise HTTPException(422, [{"loc": ["body", error.field], "msg": str(error)}]) from None
        return incident_out(declared.incident)

    @routes.get("/incidents")
    async def listed(
        status: Annotated[str, Query(pattern="^(open|all)$")] = "open",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        drills: Annotated[bool, Query(description="Drills as well.")] = False,
    ) -> dict[str, Any]:
        """Newest first; private ones are absent, and drills unless they are asked for."""
        page = await incidents.listed(open_only=status == "open", limit=limit, drills=drills)
        return {"total": page.total, "incidents": [incident_out(i) for i in page.incidents]}

    @routes.get("/incidents/{number}")
    async def one(number: Annotated[int, Path(le=_LARGEST)]) -> IncidentOut:
        """One incident; 404 for a private one."""
        try:
            incident = await incidents.get(number)
        except NotFound:
            raise HTTPException(404, f"There is no INC-{number}.") from None
        if incident.private:  # not to be told from one that does not exist
            raise HTTPException(404, f"There is no INC-{number}.")
        return incident_out(incident)

    return routes


def _once(key: str | None) -> str:
    """Without a key every call is a new one."""
    import uuid  # noqa: PLC0415 - only here

    return f"api/{key}" if key else f"api-unkeyed/{uuid.uuid4()}"


def _guard(api_token: str | None) -> Callable[..., Any]:
    async def guard(
        request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> None:
        del request
        if (
            not api_token
            or given is None
            or not hmac.compare_digest(given.credentials.encode(), api_token.encode())
        ):
            raise HTTPException(
                401, "Send Authorization: Bearer <API_TOKEN>.", {"WWW-Authenticate": "Bearer"}
            )

    return guard
