"""FHIR resources, JSON, one a line on stdin, as one Bundle in XML on stdout. Members become elements in the order in which
they stand, as FHIR's XML form asks."""
import json
import sys
from xml.sax.saxutils import quoteattr


def element(name, value):
    if isinstance(value, list):
        return "".join(element(name, item) for item in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(element(k, v) for k, v in value.items())}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name} value={quoteattr(text)}/>"


print('<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>')
for line in sys.stdin:
    resource = json.loads(line)
    kind = resource.pop("resourceType")
    print(f"<entry><resource>{element(kind, resource)}</resource></entry>")
print("</Bundle>")
