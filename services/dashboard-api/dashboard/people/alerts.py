"""Patients who could not be processed, by what is wrong with them."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from dashboard import people_screen, store
from dashboard.asking import TargetId, found_target, reading
from dashboard.rendering import rendered
from dashboard.wording import counted
from recall.kit.service import Service


def add(router: APIRouter, service: Service) -> None:
    """The page."""

    @router.get("/targets/{target_id}/alerts")
    async def alerts(target_id: TargetId) -> HTMLResponse:
        """Alerts by code, each with what to do."""
        async with reading(service) as connection, store.snapshot(connection):
            target = await found_target(connection, target_id)
            cells = await store.read_cells(connection, target_id)
        groups = people_screen.alert_groups(target, cells)
        n = sum(group["n"] for group in groups)
        return rendered(
            "alerts.html",
            target=target,
            tab="Alerts",
            groups=groups,
            n=n,
            total=counted(n, "patient", "patients"),
        )
