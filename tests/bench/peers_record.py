#!/usr/bin/env python3
"""What bench_record does, as one would write it in Python: from a file's bytes to a list of coded events.

Prints the speed of the parser alone and of the whole; median of rounds, on the same file.
"""
import json
import statistics
import sys
import time

KINDS = {
    "Condition": ("code", ("onsetDateTime", "recordedDate")),
    "AllergyIntolerance": ("code", ("onsetDateTime", "recordedDate")),
    "MedicationRequest": ("medicationCodeableConcept", ("authoredOn",)),
    "MedicationStatement": ("medicationCodeableConcept", ("effectiveDateTime",)),
    "MedicationAdministration": ("medicationCodeableConcept", ("effectiveDateTime",)),
    "Observation": ("code", ("effectiveDateTime", "issued")),
    "Procedure": ("code", ("performedDateTime",)),
    "Immunization": ("vaccineCode", ("occurrenceDateTime",)),
    "Encounter": ("type", ()),
}
EXCLUDED = {"entered-in-error", "cancelled", "refuted", "not-done", "draft", "planned"}


def first_coding(concept):
    if isinstance(concept, list):
        concept = concept[0] if concept else {}
    codings = (concept or {}).get("coding") or [{}]
    for coding in codings:
        if coding.get("system") in ("http://loinc.org", "http://snomed.info/sct"):
            return coding
    return codings[0]


def events_of_resource(resource, out):
    how = KINDS.get(resource.get("resourceType"))
    if how is None or resource.get("status") in EXCLUDED:
        return
    when = next((resource[t] for t in how[1] if t in resource), None)
    if when is None:
        when = (resource.get("performedPeriod") or resource.get("period") or {}).get("start")
    for part in [resource] + resource.get("component", []):
        coding = first_coding(part.get(how[0] if part is resource else "code"))
        quantity = part.get("valueQuantity") or {}
        if part is resource and "component" in resource and not quantity:
            continue
        ranges = part.get("referenceRange") or [{}]
        out.append((resource["resourceType"], coding.get("system"), coding.get("code"), coding.get("display"),
                    quantity.get("value"), quantity.get("code") or quantity.get("unit"), when,
                    resource.get("status"), ranges[0].get("low"), ranges[0].get("high")))


def fhir_json(text):
    out = []
    document = json.loads(text)
    for entry in document["entry"] if document["resourceType"] == "Bundle" else [{"resource": document}]:
        events_of_resource(entry.get("resource", {}), out)
    return out


def fhir_lines(text):
    out = []
    for line in text.splitlines():
        if line.strip():
            events_of_resource(json.loads(line), out)
    return out


def cda(text):
    from lxml import etree
    space = {"h": "urn:hl7-org:v3"}
    out = []
    root = etree.fromstring(text)
    for tag in ("observation", "substanceAdministration", "procedure", "encounter"):
        for s in root.iterfind(".//{urn:hl7-org:v3}" + tag):
            code = s.find("h:code", space)
            value = s.find("h:value", space)
            when = s.find("h:effectiveTime", space)
            low = when.find("h:low", space) if when is not None else None
            status = s.find("h:statusCode", space)
            out.append((tag, *((code.get("codeSystem"), code.get("code"), code.get("displayName"))
                               if code is not None else (None,) * 3),
                        value.get("value") if value is not None else None,
                        value.get("unit") if value is not None else None,
                        (when.get("value") or (low.get("value") if low is not None else None))
                        if when is not None else None,
                        status.get("code") if status is not None else None))
    return out


def fhir_xml(text):
    from lxml import etree
    ns = "{http://hl7.org/fhir}"
    out = []
    root = etree.fromstring(text)
    for name, (code, times) in KINDS.items():
        for resource in root.iter(ns + name):
            def get(path):
                found = resource.find("/".join(ns + p for p in path.split("/")))
                return found.get("value") if found is not None else None
            if get("status") in EXCLUDED:
                continue
            out.append((name, get(code + "/coding/system"), get(code + "/coding/code"), get(code + "/coding/display"),
                        get("valueQuantity/value"), get("valueQuantity/unit"),
                        next((get(t) for t in times if get(t)), None), get("status")))
    return out


def speed(function, text):
    took = []
    repeat = int(5e6 / len(text)) + 1
    for _ in range(7):
        start = time.process_time()
        for _ in range(repeat):
            result = function(text)
        took.append((time.process_time() - start) / repeat)
    return 1e-6 * len(text) / statistics.median(took), result


def main():
    text = open(sys.argv[1], "rb").read()
    if text.lstrip()[:1] == b"<":
        from lxml import etree
        parse, name = etree.fromstring, "lxml.etree.fromstring alone"
        read = cda if b"urn:hl7-org:v3" in text[:4096] else fhir_xml
    else:
        lines = sys.argv[1].endswith(".ndjson")
        parse = (lambda t: [json.loads(line) for line in t.splitlines() if line.strip()]) if lines else json.loads
        name, read = "json.loads alone", fhir_lines if lines else fhir_json
    for label, function in ((name, parse), ("Python, to events", read)):
        rate, result = speed(function, text)
        count = f"{len(result):8d} events" if function is read else " " * 15
        print(f"{'':44} {rate:8.1f} MB/s {count}  {label}")


main()
