"""Patients: removed, asked about again, corrected, opted out."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ingest import messages, patients, store
from ingest.answering import Answer, Command, answer_once, command_of
from ingest.bodies import body_of, json_of, validated
from ingest.enrolments import given
from ingest.requests import CorrectionRequest, OptOutRequest, RemovalRequest, ReprocessRequest
from ingest.routes.office import Office
from ingest.store import requests
from recall.kit.problems import not_found
from recall.kit.unit import Unit


def router(office: Office) -> APIRouter:
    """Routes of patients."""
    router = APIRouter()
    service = office.service

    @router.post("/v1/targets/{target}/removals")
    async def remove(request: Request, target: str) -> Response:
        body = await body_of(request)
        asked = json_of(request, body, RemovalRequest)
        command = command_of(request, body)
        act = partial(_remove, office, target, asked, command)
        return await answer_once(service, command, act)

    @router.post("/v1/targets/{target}/reprocess")
    async def reprocess(request: Request, target: str) -> Response:
        body = await body_of(request)
        asked = json_of(request, body, ReprocessRequest)
        command = command_of(request, body)
        act = partial(_reprocess, office, target, asked, command)
        return await answer_once(service, command, act)

    @router.patch("/v1/patients/{patient}")
    async def correct(request: Request, patient: str) -> Response:
        body = await body_of(request)
        asked = json_of(request, body, CorrectionRequest)
        command = command_of(request, body)
        act = partial(_correct, office, patient, asked, command)
        return await answer_once(service, command, act)

    @router.post("/v1/patients/{patient}/opt-outs")
    async def opt_out(request: Request, patient: str) -> Response:
        body = await body_of(request)
        asked = json_of(request, body, OptOutRequest) if body else validated(OptOutRequest, b"{}")
        command = command_of(request, body)
        return await answer_once(service, command, partial(_opt_out, patient, asked, command))

    return router


async def _remove(
    office: Office, target: str, asked: RemovalRequest, command: Command, unit: Unit
) -> Answer:
    count = await patients.remove(
        unit, office.desk, target, asked, command=command.id, actor=command.actor
    )
    return _accepted(command, count)


async def _reprocess(
    office: Office, target: str, asked: ReprocessRequest, command: Command, unit: Unit
) -> Answer:
    arrival = office.arrival(unit, target, command.actor)
    return _accepted(command, await patients.reprocess(unit, office.desk, arrival, asked))


async def _correct(
    office: Office, patient_id: str, asked: CorrectionRequest, command: Command, unit: Unit
) -> Answer:
    """Correct a patient; the answer repeats no detail of theirs."""
    found = await patients.standing(unit, patient_id)
    arrival = office.arrival(unit, found.enrolment.target_id, command.actor)
    person = patients.corrected(given(found.enrolment), asked, office.rules(arrival))
    after = await patients.correct(unit, office.desk, found, person, arrival)
    return Answer(
        200,
        {
            "patient_id": after.patient_id,
            "target_id": after.target_id,
            "version": after.version,
            "alert": after.alert,
        },
    )


async def _opt_out(patient_id: str, asked: OptOutRequest, command: Command, unit: Unit) -> Answer:
    """Pass an opt-out on: it is the person's, so it counts for a removed patient as well."""
    found = await store.lock_patient(unit.connection, patient_id)
    if found is None:
        raise not_found("patient")
    await requests.add(
        unit.connection,
        [patient_id],
        "opt_out",
        command=command.id,
        actor=command.actor,
        reason=asked.reason,
        at=unit.now,
    )
    messages.tell_opt_out(
        unit,
        found.enrolment,
        found.partition,
        command=command.id,
        actor=command.actor,
        reason=asked.reason,
    )
    return _accepted(command, 1)


def _accepted(command: Command, count: int) -> Answer:
    return Answer(202, {"request_id": command.id, "count": count})
