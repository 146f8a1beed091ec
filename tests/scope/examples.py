"""One explicit list: for every address of the platform an example. An address that is not here fails the walk.

``{batch}`` and the like are ids of planted objects. ``kind`` says that the address names an object: whoever may not read marks of that
kind gets 404 for it. Without ``kind`` an address is open to all who sign in, and only the marks are looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Example:
    """One request. ``shows``: the owner finds the mark in the answer, so the walk would see it leak."""

    path: str
    kind: str = ""
    method: str = "GET"
    data: Any = None
    shows: bool = False
    htmx: bool = False
    public: bool = False
    json: bool = False


def get(path: str, kind: str = "", **more: Any) -> Example:
    """Reading an address; an object shows its mark unless said otherwise."""
    return Example(path, kind, shows=more.pop("shows", bool(kind)), **more)


def post(path: str, kind: str = "", data: Any = None, **more: Any) -> Example:
    """Writing to an address."""
    return Example(path, kind, "POST", data or {}, **more)


def put(path: str, kind: str = "") -> Example:
    """Replacing what stands at an address of the API."""
    return Example(path, kind, "PUT", {"cells": {}}, json=True)


#: Appended to pages with filters: what a curious reader tries.
CURIOUS = (
    "?subject={code}&county={code}&zone={code}&subjects={code}&user={user}&owner={user}&sort=-value&page=1",
    "?known_on=2026-11-20&period=2026Q3", "?plan=cz-14&q=ZQX&search=ZQX&kind=ledger.batch&id={batch}&basis=calorific",
)  # fmt: skip


def list_of(path: str, **more: Any) -> list[Example]:
    """A page with filters, and the curious ones."""
    return [get(path, **more), *(get(path + query) for query in CURIOUS)]


_FORM = {"known_on": "2026-10-01", "origin": "reported", "document": ""}
_REPORT = "plan={plan}&subject={code}&period=2026-01/09"
#: Pages of the sign-in: they hold nothing of anybody.
ALLAUTH = {
    "account_login": "login/", "account_logout": "logout/", "account_inactive": "inactive/", "account_signup": "signup/",
    "account_reauthenticate": "reauthenticate/", "account_email": "email/", "account_email_verification_sent": "confirm-email/",
    "account_change_password": "password/change/", "account_set_password": "password/set/", "account_reset_password": "password/reset/",
    "account_confirm_login_code": "login/code/confirm/", "account_confirm_email": "confirm-email/abc/",
    "account_reset_password_from_key_done": "password/reset/key/done/", "account_reset_password_from_key": "password/reset/key/1-abc/",
    "account_reset_password_done": "password/reset/done/", "mfa_index": "2fa/", "mfa_authenticate": "2fa/authenticate/",
    "mfa_reauthenticate": "2fa/reauthenticate/", "mfa_activate_totp": "2fa/totp/activate/", "mfa_deactivate_totp": "2fa/totp/deactivate/",
    "mfa_view_recovery_codes": "2fa/recovery-codes/", "mfa_generate_recovery_codes": "2fa/recovery-codes/generate/",
    "mfa_download_recovery_codes": "2fa/recovery-codes/download/",
}  # fmt: skip

PAGES: dict[str, list[Example]] = {
    **{name: [get(f"/accounts/{path}", public=True)] for name, path in ALLAUTH.items()},
    "api-start": [get("/api/v1/", public=True)],
    "api-docs": [get("/api/v1/docs/")],
    "api-openapi": [get("/api/v1/openapi.json", public=True)],
    "api-missing": [get("/api/{batch}", public=True)],
    "organisations:people": [
        get("/people/"), post("/people/", data={"do": "open", "username": "x", "name": "x", "role": "reader"}),
        post("/people/", data={"do": "renew", "person": "0"}), post("/people/", data={"do": "close", "person": "{user}"}),
    ],
    "organisations:keys": [get("/keys/"), post("/keys/", data={"name": "x", "scopes": ["read"], "days": "1", "owner": "{user}"})],
    "organisations:key_revoke": [post("/keys/{key}/revoke/", "KEY")],
    "audit:entries": [*list_of("/audit/"), get("/audit/?kind=&who={user}&what=ledger.")],
    "audit:entry": [get("/audit/{entry}/", "LOG")],
    "calculators:calculators": list_of("/calculators/"),
    "calculators:calculator": [get("/calculators/energy.intensity_change/"), get("/calculators/{batch}/", public=True)],
    "indicators:indicators": [*list_of("/indicators/"), get("/indicators/?subject={code}&known_on=2026-11-20")],
    "indicators:revisions": [get("/indicators/revisions/"), get("/indicators/revisions/?run=999")],
    "indicators:indicator": [
        *list_of("/indicators/energy_total_tce/"), get("/indicators/energy_intensity_change_percent/?period=2026-01/09"),
        get("/indicators/cod_reduction_t/"), get("/indicators/warning_national/?period=2026-01/09&subject={code}&lens=reported"),
    ],
    "forecast:forecasts": [*list_of("/forecasts/"), get("/forecasts/?indicator=energy_total_tce")],
    "forecast:forecast": [get("/forecasts/{forecast}/", "MARK")],
    "forecast:make": [post("/forecasts/make/")],
    "actions:actions": [*list_of("/actions/"), post("/actions/", data={"title": "x"})],
    "actions:finish": [post("/actions/items/{action_item}/finish/", "MARK")],
    "units:units": list_of("/units/"),
    "units:unit": [get("/units/91-A/"), get("/units/{code}/")],
    "units:metered": [get("/units/91-A/metered/{metered_month}/", public=True)],
    "measures:measures": [*list_of("/measures/"), get("/measures/?year=2027")],
    "measures:county": [get("/measures/431003/"), get("/measures/431002/?year=2026&side=low&cost=1&gdp=x")],
    "measures:keep": [post("/measures/431003/keep/", data={"year": "2027", "side": "point"})],
    "measures:plan": [get("/measures/plans/{measure_plan}/", "MARK")],
    "measures:decide": [post("/measures/plans/{measure_plan}/decide/", data={"adopt": "no"}, public=True)],
    "measures:library": [*list_of("/measures/library/"), post("/measures/library/", data={"code": "x"})],
    "measures:close": [post("/measures/library/{control_measure}/close/", public=True)],
    "rules:rules": [*list_of("/rules/"), get("/rules/?q={rule}&evidence=recalled")],
    "rules:rule": [get("/rules/{rule}/")],
    "rules:row": [get("/rules/{rule}/rows/{rule_region}/{rule_row}/"), get("/rules/{rule}/rows/4310/x/")],
    "rules:propose": [get("/rules/{rule}/propose/"), post("/rules/{rule}/propose/", data={"region": "4310", "value": "1", "number": "x"})],
    "rules:confirm": [post("/rules/proposals/{proposal}/confirm/", "LAW")],
    "ledger:rows": [*list_of("/data/"), get("/data/?subject={code}&measure=electricity&period=2026-09&known_on=2026-11-20")],
    "ledger:row": [get("/data/rows/{row}/", "ROW")],
    "ledger:batches": list_of("/data/batches/"),
    "ledger:batch": [get("/data/batches/{batch}/", "MARK")],
    "ledger:attach": [post("/data/batches/{batch}/evidence/", "MARK", {"note": "x"})],
    "ledger:confirm": [post("/data/batches/{batch}/confirm/", "MARK", {"document": "x"})],
    "ledger:evidence": [get("/data/evidence/{evidence}/", "MARK", shows=False)],
    "ledger:undo": [post("/data/batches/{batch}/undo/", "MARK", {"reason": "x"})],
    "decomposition:versions": [get("/decomposition/"), get("/decomposition/?plan={plan}")],
    "decomposition:new": [post("/decomposition/new/", data={"plan": "{plan}", "indicator": "cod_reduction_t"})],
    "decomposition:inputs": [
        get("/decomposition/inputs/"), get("/decomposition/inputs/?plan={plan}"),
        post("/decomposition/inputs/?plan={plan}", data={"growth.{code}": "5", "growth.431003": "5"}),
    ],
    "decomposition:quality": [get("/decomposition/quality/"), get("/decomposition/quality/?year=2025")],
    "decomposition:version": [get("/decomposition/{draft}/", "LAW", shows=False), get("/decomposition/{shared}/")],
    "decomposition:save": [post("/decomposition/{draft}/save/", "LAW", {"target": "9"}), post("/decomposition/{shared}/save/")],
    "decomposition:act": [
        post("/decomposition/{draft}/submit/", "LAW"), post("/decomposition/{draft}/publish/", "LAW", {"document": "x"}),
        post("/decomposition/{shared}/return/", data={"reason": "x"}),
    ],
    "targets:targets": [*list_of("/targets/"), get("/targets/?plan={plan}&of=place&subject={code}"), get("/targets/?of=internal")],
    "targets:target": [get("/targets/{target}/", "MARK"), get("/targets/{target}/?at=2027-06", "MARK")],
    "targets:propose": [get("/targets/{target}/propose/", "LAW", shows=False), post("/targets/{target}/propose/", "LAW", {"number": "9"})],
    "targets:new": [get("/targets/new/?plan={plan}"), post("/targets/new/?plan={plan}", data={"number": "9", "document": "x"})],
    "targets:proposal": [get("/targets/proposals/{target_proposal}/", "LAW", shows=False)],
    "targets:decide": [post("/targets/proposals/{target_proposal}/decide/", "LAW", {"accept": "no"})],
    "targets:open_annex": [
        get("/targets/annexes/{annex}/open/", "LAW", shows=False), post("/targets/annexes/{annex}/open/", "LAW", {"reason": "x"}),
    ],
    "monitoring:points": [*list_of("/monitoring/"), get("/monitoring/?q=ZQX&state=never&county={code}&medium=water")],
    "monitoring:points_live": [get("/monitoring/live/"), get("/monitoring/live/?known=x")],
    "monitoring:point": [
        get("/monitoring/points/{point}/", "TEL"), get("/monitoring/points/{point}/?level=realtime&start=2026-11-24&end=2026-11-24", "TEL"),
        get("/monitoring/points/{point}/?month=2026-11&level=day", "TEL"),
    ],
    "monitoring:point_live": [get("/monitoring/points/{point}/live/", "TEL", shows=False)],
    "monitoring:value": [get("/monitoring/points/{point}/values/realtime/{at_ms}/", "TEL")],
    "monitoring:dialogue": [get("/monitoring/devices/{device}/dialogue/", "TEL")],
    "monitoring:outages": [*list_of("/monitoring/outages/"), get("/monitoring/outages/?q=ZQX&state=all&county={code}")],
    "monitoring:outage": [get("/monitoring/outages/{outage}/", "TEL"), post("/monitoring/outages/{outage}/", "TEL", {"words": "x"})],
    "monitoring:coverage": [*list_of("/monitoring/coverage/"), get("/monitoring/coverage/?county={code}&kind=permit&missing=yes")],
    "monitoring:findings": [*list_of("/monitoring/findings/"), get("/monitoring/findings/?q=ZQX&state=all&rule=R01")],
    "monitoring:finding": [get("/monitoring/findings/{finding}/", "TEL"), post("/monitoring/findings/{finding}/", "TEL", {"words": "x"})],
    "monitoring:incidents": [*list_of("/monitoring/incidents/"), get("/monitoring/incidents/?mn=ZQX&state=open")],
    "monitoring:incident": [
        get("/monitoring/incidents/{incident}/", "TEL"), post("/monitoring/incidents/{incident}/", "TEL", {"note": "x"}),
    ],
    "monitoring:devices": [*list_of("/monitoring/devices/"), get("/monitoring/devices/?q=ZQX")],
    "monitoring:register": [get("/monitoring/devices/register/"), post("/monitoring/devices/register/", data={"mn": "ZQX", "name": "x"})],
    "monitoring:device": [get("/monitoring/devices/{device}/", "TEL")],
    "monitoring:meters": [*list_of("/monitoring/meters/"), get("/monitoring/meters/?q=ZQX&state=register")],
    "monitoring:meter": [get("/monitoring/meters/{meter}/", "TEL"), post("/monitoring/meters/{meter}/", "TEL", {"name": "x"})],
    "monitoring:meter_exchange": [post("/monitoring/meters/{meter}/exchange/", "TEL", {"words": "x"})],
    "monitoring:meter_register": [get("/monitoring/meters/register/"), post("/monitoring/meters/register/", data={"code": "x"})],
    "monitoring:meter_virtual": [get("/monitoring/meters/virtual/"), post("/monitoring/meters/virtual/", data={"name": "x"})],
    "monitoring:energy_users": [get("/monitoring/meters/users/"), post("/monitoring/meters/users/", data={"do": "key"})],
    "filing:filings": list_of("/filings/"),
    "filing:review": list_of("/filings/review/"),
    "filing:accept_selected": [post("/filings/review/accept/", data={"filing": "{form_filing}-1"})],
    "filing:matrix": [*list_of("/filings/matrix/"), get("/filings/matrix/?form=industrial_energy_month&year=2026")],
    "filing:remind": [post("/filings/matrix/remind/", data={"form": "key_unit_month", "period": "2026-09", "all": "1"})],
    "filing:receipt": [
        *(get(f"/filings/receipts/{{{kind.lower()}_round}}-X/", kind, shows=False) for kind in ("FORM", "STAT")),
        *(get(f"/filings/receipts/{{{kind.lower()}_round}}-X/?format=json", kind) for kind in ("FORM", "STAT")),
    ],
    "filing:check_receipt": [
        get("/filings/receipts/check/"), post("/filings/receipts/check/", data={"number": "{form_round}-X", "sm3": "0" * 64}),
    ],
    "filing:obligations": [
        *list_of("/filings/obligations/"),
        post("/filings/obligations/", data={"form": "key_unit_month", "subjects": "91-A", "reason": "x"}),
    ],
    "filing:forms": list_of("/filings/forms/"),
    "filing:checks": [get("/filings/checks/")],
    "filing:propose_check": [post("/filings/checks/T01/propose/", data={"on": "no", "reason": "x"})],
    "filing:decide_check": [post("/filings/checks/decide/{batch}/", data={"granted": "yes"}, public=True)],
    "filing:findings": list_of("/filings/findings/"),
    "filing:finding": [
        get("/filings/findings/{form_finding}/", "FORM"), get("/filings/findings/{stat_finding}/", "STAT"),
        post("/filings/findings/{form_finding}/", data={"reason": "x"}), post("/filings/findings/{stat_finding}/", data={"reason": "x"}),
    ],
    "filing:form": [get("/filings/forms/key_unit_month/"), get("/filings/forms/x{batch}/", public=True)],
    "filing:filing": [
        get("/filings/{form_filing}/?table=notes", "FORM"), get("/filings/{form_filing}/?table=sewage", "FORM"),
        get("/filings/{stat_filing}/?table=notes", "STAT"),
    ],
    "filing:cells": [
        get("/filings/{form_filing}/cells/", "FORM"), get("/filings/{stat_filing}/cells/", "STAT"),
        post("/filings/{form_filing}/cells/", "FORM", {"cells": {}, "revision": 0}, json=True),
        post("/filings/{stat_filing}/cells/", "STAT", {"cells": {}, "revision": 0}, json=True),
    ],
    "filing:workbook": [
        get("/filings/{form_filing}/workbook/", "FORM", shows=False), get("/filings/{stat_filing}/workbook/", "STAT", shows=False),
    ],
    "filing:upload": [post("/filings/{form_filing}/upload/", "FORM"), post("/filings/{stat_filing}/upload/", "STAT")],
    "filing:save": [post("/filings/{form_filing}/save/", "FORM", {"revision": "0"}), post("/filings/{stat_filing}/save/", "STAT")],
    "filing:act": [
        post("/filings/{form_filing}/do/return/", "FORM", {"reason": "x", "round": "1"}),
        post("/filings/{stat_filing}/do/accept/", "STAT", {"round": "1"}),
        post("/filings/{form_filing}/do/correct/", "FORM", {"reason": "x"}), post("/filings/{stat_filing}/do/submit/", "STAT"),
    ],
    "plan:plans": list_of("/plan/"),
    "plan:plan": [*list_of("/plan/cz-15/"), get("/plan/cz-14/")],
    "desk:import": [get("/data/import/")],
    "desk:import_kind": [get("/data/import/electricity/"), post("/data/import/electricity/", data=_FORM)],
    "desk:import_template": [get("/data/import/electricity/template/"), get("/data/import/energy/template/")],
    "desk:export": [get("/data/export/rows/?format=csv"), get("/data/export/nothing/"), get("/data/export/rows/?format=exe")],
    "desk:jobs": list_of("/jobs/"),
    "desk:job": [get("/jobs/{job}/", "OWN")],
    "desk:job_state": [get("/jobs/{job}/state/", "OWN")],
    "desk:job_confirm": [post("/jobs/{job}/confirm/", "OWN", {"keep_unusual": "on"})],
    "desk:job_cancel": [post("/jobs/{job}/cancel/", "OWN")],
    "desk:job_resume": [post("/jobs/{job}/resume/", "OWN")],
    "desk:file": [get("/files/{file}/", "OWN"), get("/files/{exported}/", "BOX")],
    "desk:reminders": [get("/reminders/"), post("/reminders/", data={"email": "", "kind": ""})],
    "desk:workdays": [*list_of("/workdays/"), post("/workdays/", data={"days": "2027-01-01", "document": "x"})],
    "desk:inbox": [*list_of("/inbox/"), get("/inbox/?state=closed")],
    "cockpit:cockpit": [*list_of("/"), get("/?known_on=2026-11-20&period=2026Q3")],
    "cockpit:counties": list_of("/counties/"),
    "cockpit:county": [*list_of("/counties/{code}/"), get("/counties/431003/"), get("/counties/CZ-HITECH/"), get("/counties/91-A/")],
    "carbon:city": list_of("/carbon/"),
    "carbon:place": [*list_of("/carbon/{code}/"), get("/carbon/431003/?plan=cz-15"), get("/carbon/CZ-HITECH/"), get("/carbon/91-A/")],
    "nation:series": list_of("/nation/"),
    "cockpit:explain": [
        get("/explain/value/{value}/", "MARK"), get("/explain/value/{value}/", "MARK", htmx=True), get("/explain/value/{public}/"),
        get("/explain/value/{public}/", htmx=True),
    ],
    "cockpit:explain_line": [
        get("/explain/value/{table}/0/", "MARK"), get("/explain/value/{table}/1/", "MARK", htmx=True), get("/explain/value/{table}/999/"),
    ],
    "cockpit:map": [get("/map.geojson")],
    "cockpit:search": [get("/search/?q=ZQX"), get("/search/?q={code}"), get("/search/?q=演示企业"), get("/search/")],
    "cockpit:report_list": list_of("/reports/"),
    "cockpit:report_draft": [get(f"/reports/draft/?{_REPORT}"), get(f"/reports/draft/?{_REPORT}&format=docx")],
    "cockpit:report_file": [post("/reports/file/", data={"plan": "{plan}", "subject": "{code}", "period": "2026-01/09"})],
    "cockpit:report": [get("/reports/{report}/", "MARK")],
    "cockpit:report_word": [get("/reports/{report}/word/", "MARK")],
}  # fmt: skip

#: Kind of export → what is asked of it.
EXPORTS = {
    "rows": [f"/data/export/rows/?{q}&format={form}" for q in ("x=", "subject={code}", "batch={batch}") for form in ("xlsx", "csv")],
    "decomposition": [
        "/data/export/decomposition/?id={draft}&format=xlsx", "/data/export/decomposition/?id={shared}&format=xlsx",
        "/data/export/decomposition/?id={shared}&format=csv",
    ],
    "annex": ["/data/export/annex/?plan={plan}&number=2&format=xlsx", "/data/export/annex/?plan=cz-14&number=3&format=csv"],
    "environment": ["/data/export/environment/?format=xlsx", "/data/export/environment/?year=2025&format=csv"],
    "targets": ["/data/export/targets/?plan={plan}&format=xlsx", "/data/export/targets/?subject={code}&format=csv"],
    "points": ["/data/export/points/?format=xlsx", "/data/export/points/?q=ZQX&format=csv"],
    "readings": [
        "/data/export/readings/?point={point}&level=realtime&start=2026-11-24&end=2026-11-24&format=csv",
        "/data/export/readings/?point={point}&level=hour&format=xlsx",
    ],
    "outages": ["/data/export/outages/?state=all&format=xlsx", "/data/export/outages/?q=ZQX&format=csv"],
    "coverage": ["/data/export/coverage/?format=xlsx", "/data/export/coverage/?county={code}&format=csv"],
    "quality_findings": ["/data/export/quality_findings/?state=all&format=xlsx", "/data/export/quality_findings/?q=ZQX&format=csv"],
    "batches": ["/data/export/batches/?format=xlsx", "/data/export/batches/?format=csv"],
    "indicator": [
        "/data/export/indicator/?code=energy_total_tce&format=xlsx",
        "/data/export/indicator/?code=warning_national&subject={code}&format=csv",
    ],
    "indicators": ["/data/export/indicators/?subject={code}&format=xlsx", "/data/export/indicators/?format=csv"],
}

API: dict[str, list[Example]] = {
    "GET calculators": [get("")], "GET calculators/{identifier}": [get("/energy.intensity_change", public=True)],
    "POST calculators/{identifier}/run": [post("/energy.intensity_change/run", data={}, json=True)],
    "GET subjects": [get(""), get("?kinds=enterprise,county")],
    "GET subjects/{code}": [get("/{code}")],
    "GET indicators": [get("")], "GET indicators/{code}": [get("/energy_total_tce")],
    "GET values": [
        get("?limit=500"), get("?subjects={code}"), get("?subjects={code}&known_on=2026-11-20&release=all"),
        get("?codes=energy_total_tce&lens=issued"),
        get("?periods=2026-01/09&basis=calorific&limit=500"), get("?limit=500&offset=500"),
    ],
    "GET values/{value_id}": [get("/{value}", "MARK")],
    "GET values/{value_id}/explanation": [get("/{value}/explanation", "MARK"), get("/{public}/explanation")],
    "GET targets": [get("?limit=500"), get("?subjects={code}&plans={plan}")], "GET targets/{target_id}": [get("/{target}", "MARK")],
    "GET decompositions": [get("?limit=500"), get("?plans={plan}")],
    "GET decompositions/{decomposition_id}": [get("/{draft}", "LAW", shows=False), get("/{shared}")],
    "GET targets/{target_id}/path": [get("/{target}/path", "MARK", shows=False)],
    "GET rows": [
        get("?limit=500"), get("?subjects={code}"), get("?batches={batch}"), get("?zones={code}"),
        get("?known_on=2026-11-20&origins=reported"),
    ],
    "GET rows/{row_id}": [get("/{row}", "ROW")],
    "GET batches": [get("?limit=500")], "GET batches/{batch_id}": [get("/{batch}", "MARK")],
    "GET points": [get("?limit=500"), get("?subjects={code}&media=water")], "GET points/{point_id}": [get("/{point}", "TEL")],
    "GET points/coverage": [get("/coverage"), get("/coverage?county={code}&kind=permit")],
    "GET points/{point_id}/readings": [
        get("/{point}/readings", "TEL", shows=False), get("/{point}/readings?level=realtime", "TEL", shows=False),
    ],
    "GET plans": [get("")], "GET plans/{code}": [get("/{plan}")],
    "GET reports": [get("?limit=500")], "GET reports/{report_id}": [get("/{report}", "MARK")],
    "GET jobs": [get("?limit=500")], "GET jobs/{job_id}": [get("/{job}", "OWN")],
    "POST jobs/{job_id}/cancel": [post("/{job}/cancel", "OWN", json=True)],
    "GET imports": [get("")], "POST imports/{kind_id}": [post("/electricity", data=_FORM)],
    "POST imports/{job_id}/confirm": [post("/{job}/confirm", "OWN", {"keep_unusual": True}, json=True)],
    "GET filings": [get("?limit=500"), get("?subjects={code}&forms=key_unit_month&states=submitted")],
    "GET filings/forms": [get("/forms")],
    "GET filings/forms/{form_id}": [get("/forms/key_unit_month"), get("/forms/x{batch}", public=True)],
    "GET filings/{filing_id}": [get("/{form_filing}", "FORM"), get("/{stat_filing}", "STAT")],
    "PUT filings/{filing_id}/draft": [put("/{form_filing}/draft", "FORM"), put("/{stat_filing}/draft", "STAT")],
    "POST filings/{filing_id}/submit": [post("/{form_filing}/submit", "FORM", json=True), post("/{stat_filing}/submit", "STAT", json=True)],
    "GET audit/head": [get("/head")],
}  # fmt: skip
