#!/usr/bin/env python3
"""What bench_record does, as one would write it in Python with json or lxml: from a file's bytes to the same coded events,
in the same units.

Prints the speed of the parser alone and of the whole, median of rounds, and what the events add up to, which bench_record
prints too.
"""
import datetime
import json
import pathlib
import re
import statistics
import sys
import time

TABLE = (pathlib.Path(__file__).parents[2] / "plugins/record/unit_table.c").read_text()
ANALYTES = {
    name: {unit: (eval(factor), float(offset)) for unit, factor, offset in
           re.findall(r'\{"([^"]*)", ([0-9./ ]+), (-?[0-9.]+)\}', row)}
    for name, row in re.findall(r"\[(REC_\w+)\] = (\{.*\}),", TABLE)}
UNITS = {f"{code[:-1]}-{code[-1]}": ANALYTES[name] for code, name in re.findall(r"\{(\d+), (REC_\w+)\}", TABLE)}

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
RXNORM, CVX = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/cvx"
BEST = {"Condition": SNOMED, "AllergyIntolerance": RXNORM, "MedicationRequest": RXNORM, "MedicationStatement": RXNORM,
        "MedicationAdministration": RXNORM, "Observation": LOINC, "Procedure": SNOMED, "Immunization": CVX,
        "Encounter": SNOMED}
TIMES = {"Condition": ("onsetDateTime", "recordedDate"), "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
         "MedicationRequest": ("authoredOn",), "MedicationStatement": ("effectiveDateTime",),
         "MedicationAdministration": ("effectiveDateTime",), "Observation": ("effectiveDateTime", "issued"),
         "Procedure": ("performedDateTime",), "Immunization": ("occurrenceDateTime",), "Encounter": ()}
EXCLUDED = {"entered-in-error", "cancelled", "refuted", "not-done", "draft", "planned", "registered"}
YES = {"373066001", "10828004", "52101004", "260373001", "LA33-6", "Y", "POS"}
NO = {"373067005", "260385009", "2667000", "260415000", "LA32-8", "N", "NEG"}
NONE = {"716186003", "160244002", "409137002", "428607008", "160245001"}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def days(text):
    """Of a FHIR date or time since 1970."""
    if not text:
        return None
    when = datetime.datetime.fromisoformat((text + "-01-01"[2 * (len(text) == 7) + len(text) // 10 * 6:])[:10]
                                           if len(text) <= 10 else text.replace("Z", "+00:00"))
    return ((when if when.tzinfo else when.replace(tzinfo=datetime.timezone.utc)) - EPOCH).total_seconds() / 86400


def converted(code, unit, value):
    known = UNITS.get(code)
    if known is None or value is None:
        return value
    unit = re.sub(r"\{[^}]*\}", "", unit or "").replace(" ", "").lower().rstrip("/")
    factor, offset = known.get(unit) or known.get({"mmhg": "mm[hg]", "k/ul": "10*3/ul", "10*9/l": "10*3/ul", "m/ul": "10*6/ul", "10*12/l": "10*6/ul"}.get(unit, unit), (None, 0))
    return None if factor is None else factor * value + offset


def event(out, kind, system, code, display, value, unit, when, status, low=None, high=None):
    if system == LOINC:
        value, low, high = (converted(code, unit, x) for x in (value, low, high))
    out.append((kind, system, code, display, value, unit, when, status, low, high))


def best_coding(concept, kind):
    codings = concept.get("coding") or [{}]
    for coding in codings:
        if coding.get("system") == BEST[kind]:
            return coding
    return codings[0]


def finding(out, resource, part, when, optional):
    coding = best_coding(part.get("code", {}), "Observation")
    value = unit = answer = None
    if "valueQuantity" in part:
        quantity = part["valueQuantity"]
        value, unit = quantity.get("value"), quantity.get("code") or quantity.get("unit")
    elif "valueCodeableConcept" in part:
        answer = best_coding(part["valueCodeableConcept"], "Condition")
        value = 1 if answer.get("code") in YES else 0 if answer.get("code") in NO else None
    elif "valueInteger" in part:
        value = part["valueInteger"]
    elif "valueBoolean" in part:
        value = int(part["valueBoolean"])
    elif optional and not any(key.startswith("value") or key == "dataAbsentReason" for key in part):
        return
    ranges = part.get("referenceRange", [{}])[0]
    event(out, "Observation", coding.get("system"), coding.get("code"), coding.get("display"), value, unit, when,
          resource.get("status"), ranges.get("low", {}).get("value"), ranges.get("high", {}).get("value"))
    if answer and value is None:
        event(out, "Observation", answer.get("system"), answer.get("code"), answer.get("display"), None, None, when,
              resource.get("status"))


def events_of_resource(resource, out):
    kind = resource.get("resourceType")
    times = TIMES.get(kind)
    if times is None or resource.get("status") in EXCLUDED or "modifierExtension" in resource:
        return
    if any(c.get("code") in EXCLUDED for c in resource.get("verificationStatus", {}).get("coding", ())):
        return
    when = next((resource[t] for t in times if t in resource), None)
    if when is None:
        period = resource.get("performedPeriod") or resource.get("period") or resource.get("effectivePeriod")
        when = period.get("start") if period else None
    when = days(when)
    if kind == "Observation":
        components = resource.get("component", ())
        finding(out, resource, resource, when, components or "hasMember" in resource)
        for part in components:
            finding(out, resource, part, when, False)
        return
    concept = resource.get("code") or resource.get("medicationCodeableConcept") or resource.get("vaccineCode") or \
        resource.get("type") or {}
    coding = best_coding(concept[0] if isinstance(concept, list) else concept, kind)
    if coding.get("code") in NONE:
        return
    event(out, kind, coding.get("system"), coding.get("code"), coding.get("display"), None, None, when,
          best_coding(resource["clinicalStatus"], kind).get("code") if "clinicalStatus" in resource else resource.get("status"))


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


MANY = {"coding", "component", "referenceRange", "interpretation"}
FHIR = "{http://hl7.org/fhir}"


def as_json(element):
    """FHIR's JSON of an element of its XML."""
    value = element.get("value")
    if value is not None:
        return value
    out = {}
    for child in element:
        tag = child.tag
        if not isinstance(tag, str) or not tag.startswith(FHIR):
            continue
        name = tag[len(FHIR):]
        if name in MANY or (name == "type" and element.tag == FHIR + "Encounter"):
            out.setdefault(name, []).append(as_json(child))
        elif name == "value" or name == "valueInteger":
            out[name] = float(child.get("value"))
        elif name == "valueBoolean":
            out[name] = child.get("value") == "true"
        else:
            out[name] = as_json(child)
    return out


def fhir_xml(text):
    from lxml import etree
    return fhir_xml_events(etree.fromstring(text))


def fhir_xml_events(root):
    out = []
    for element in root.iter(*(FHIR + kind for kind in BEST)):
        resource = as_json(element)
        resource["resourceType"] = element.tag[len(FHIR):]
        events_of_resource(resource, out)
    return out


CDA = "{urn:hl7-org:v3}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
TEMPLATES = "2.16.840.1.113883.10.20.22."
SYSTEMS = {"2.16.840.1.113883.6.1": LOINC, "2.16.840.1.113883.6.96": SNOMED, "2.16.840.1.113883.6.88": RXNORM,
           "2.16.840.1.113883.12.292": CVX}
SECTIONS = {"11450-4": "Condition", "11348-0": "Condition", "48765-2": "AllergyIntolerance",
            "10160-0": "MedicationStatement", "11369-6": "Immunization", "30954-2": "Observation",
            "8716-3": "Observation", "29762-2": "Observation", "47519-4": "Procedure", "46240-8": "Encounter",
            "47420-5": "Observation", "10190-7": "Observation", "10157-6": "Family"}
ENTRIES = {t: kind for kind, templates in {
    "Condition": "4.3 4.4", "AllergyIntolerance": "4.30 4.7", "MedicationStatement": "4.16", "Immunization": "4.52",
    "Observation": "4.1 4.2 4.26 4.27 4.38 4.78 4.85 4.66 4.67 4.74 4.75 4.68 4.73 4.69 4.86 4.128", "Family": "4.45",
    "Procedure": "4.12 4.13 4.14", "Encounter": "4.49",
    None: "4.5 4.6 4.8 4.9 4.19 4.25 4.31 4.113"}.items() for t in templates.split()}
STATEMENTS = {CDA + tag for tag in ("act", "organizer", "observation", "substanceAdministration", "procedure", "encounter")}


def hl7_days(text):
    if not text:
        return None
    digits = re.match(r"\d*", text).group()
    if len(digits) % 2 or not 4 <= len(digits) <= 14:
        return None
    zone = re.search(r"[+-]\d{4}$", text)
    when = datetime.datetime(int(digits[:4]), int(digits[4:6] or 1), int(digits[6:8] or 1), int(digits[8:10] or 0),
                             int(digits[10:12] or 0), int(digits[12:14] or 0), tzinfo=datetime.timezone.utc)
    east = int(zone.group()[0] + "1") * (int(zone.group()[1:3]) * 60 + int(zone.group()[3:])) \
        if zone and len(digits) > 8 else 0
    return (when - EPOCH).total_seconds() / 86400 - east / 1440


def cda_code(node, kind):
    """System, code, display: the best of the code and its translations."""
    if node is None:
        return None, None, None
    own = node
    if node.get("code") is None or SYSTEMS.get(node.get("codeSystem")) != BEST[kind]:
        for other in node.iterfind(CDA + "translation"):
            if other.get("code") and (SYSTEMS.get(other.get("codeSystem")) == BEST[kind] or own.get("code") is None):
                own = other
                break
    return SYSTEMS.get(own.get("codeSystem"), own.get("codeSystem")), own.get("code"), own.get("displayName")


def cda_time(statement, around):
    times = statement.findall(CDA + "effectiveTime") or around
    for when in times:
        text = when.get("value")
        for end in ("low", "center", "high"):
            if text is None:
                part = when.find(CDA + end)
                text = part.get("value") if part is not None else None
        if text is not None:
            return hl7_days(text)
    return None


def number(node):
    try:
        return float(node.get("value"))
    except (AttributeError, TypeError, ValueError):
        return None


def cda_activity(statement, concern):
    """Of a problem or allergy: over where its time has an end, else what the act around it says."""
    return "completed" if statement.find(f"{CDA}effectiveTime/{CDA}high") is not None else concern


def cda_statement(s, kind, times, out, concern=None):
    templates = [t.get("root")[len(TEMPLATES):] for t in s.iterfind(CDA + "templateId")
                 if (t.get("root") or "").startswith(TEMPLATES + "4.")]
    if templates:
        known = [ENTRIES[t] for t in templates if t in ENTRIES]
        if None in known:
            return
        kind = known[0] if known else None
    tag = s.tag[len(CDA):]
    if kind == "Family":
        return
    status = s.find(CDA + "statusCode")
    status = status.get("code") if status is not None else None
    mood = s.get("moodCode")
    if mood not in (None, "EVN") and not (kind == "MedicationStatement" and mood in ("INT", "RQO")):
        return
    if s.get("negationInd") == "true" or s.get("nullFlavor") or status in ("cancelled", "nullified") or \
            s.find(CDA + "subject") is not None:
        return
    if tag == "organizer" or kind is None or (tag == "act" and kind != "Procedure"):
        if tag == "organizer":
            times = s.findall(CDA + "effectiveTime") or times
        return cda_inside(s, kind, times, out, status if tag == "act" else concern)
    when = cda_time(s, times)
    if kind == "Observation" and tag == "observation":
        system, code, display = cda_code(s.find(CDA + "code"), kind)
        value = s.find(CDA + "value")
        kind_of = (value.get(XSI_TYPE) or "").split(":")[-1] if value is not None else ""
        low = s.find(f"{CDA}referenceRange/{CDA}observationRange/{CDA}value/{CDA}low")
        high = s.find(f"{CDA}referenceRange/{CDA}observationRange/{CDA}value/{CDA}high")
        answer = cda_code(value, "Condition") if kind_of in ("CD", "CE", "CO") else (None,) * 3
        amount = 1 if answer[1] in YES else 0 if answer[1] in NO else number(value) if kind_of in ("PQ", "INT", "REAL") else None
        if code != "ASSERTION":
            event(out, kind, system, code, display, amount, value.get("unit") if value is not None else None, when, status,
                  number(low), number(high))
        if answer[1] and amount is None:
            event(out, kind, *answer, None, None, when, status)
    elif kind == "Condition" and tag == "observation":
        value = s.find(CDA + "value")
        if value is not None:
            code = cda_code(value, kind)
            if code[1] not in NONE:
                event(out, kind, *code, None, None, when, cda_activity(s, concern))
    elif kind == "AllergyIntolerance" and tag == "observation":
        code = cda_code(s.find(f"{CDA}participant[@typeCode='CSM']/{CDA}participantRole/{CDA}playingEntity/{CDA}code"), kind)
        if code[1] is None:
            code = cda_code(s.find(CDA + "value"), kind)
        if code[1] not in NONE:
            event(out, kind, *code, None, None, when, cda_activity(s, concern))
    elif kind in ("MedicationStatement", "Immunization") and tag == "substanceAdministration":
        code = s.find(f"{CDA}consumable/{CDA}manufacturedProduct/{CDA}manufacturedMaterial/{CDA}code")
        event(out, kind, *cda_code(code, kind), None, None, when, status)
    elif kind in ("Procedure", "Encounter") and tag != "substanceAdministration" and (kind != "Encounter" or tag == "encounter"):
        event(out, kind, *cda_code(s.find(CDA + "code"), kind), None, None, when, status)
        if kind == "Encounter":
            cda_inside(s, None, [], out)


def cda_inside(statement, kind, times, out, concern=None):
    for link in statement:
        if link.tag in (CDA + "component", CDA + "entryRelationship") and link.get("inversionInd") != "true":
            for s in link:
                if s.tag in STATEMENTS:
                    cda_statement(s, kind, times, out, concern)


def cda(text):
    from lxml import etree
    return cda_events(etree.fromstring(text))


def cda_events(root):
    out = []
    for section in root.iter(CDA + "section"):
        code = section.find(CDA + "code")
        kind = SECTIONS.get(code.get("code")) if code is not None else None
        for entry in section.iterfind(CDA + "entry"):
            for s in entry:
                if s.tag in STATEMENTS:
                    cda_statement(s, kind, [], out)
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
        sums = ""
        if function is read:
            values, times = [e[4] for e in result if e[4] is not None], [e[6] for e in result if e[6] is not None]
            sums = f"{len(result):8d} events, values {sum(values):.4f}, days {sum(times):.2f}"
        print(f"{'':30} {rate:8.1f} MB/s {label:28} {sums}")


if __name__ == "__main__":
    main()
