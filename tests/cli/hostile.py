#!/usr/bin/env python3
"""hostile.py COHORT COUNT: damages COUNT cases of a synthetic cohort, each in another way, spread over the whole, and writes
COHORT/hostile.csv: case,kind,end,reason. end is how the case must end ("failed", or "any" where the damage may be passed over with
a warning), reason an extended regular expression that its reason must match."""
import csv, io, os, socket, stat, sys, zipfile, zlib


def one(folder, *endings):
    """The first file of the case with one of these endings."""
    for name in sorted(os.listdir(folder)):
        if name.endswith(endings):
            return os.path.join(folder, name)
    return None


def put(path, content):
    with open(path, "wb") as f:
        f.write(content)


def get(path):
    with open(path, "rb") as f:
        return f.read()


def truncated_dicom(folder):
    path = one(folder, ".dcm")
    if not path:
        return False
    put(path, get(path)[:400])


def endless_element(folder):
    """An element of 4 GB less 16 bytes behind the meta header."""
    path = one(folder, ".dcm")
    if not path:
        return False
    content = get(path)
    at = content.find(b"\x08\x00\x05\x00")
    at = at if at > 0 else 400
    put(path, content[:at] + b"\x08\x00\x70\x00LO\xf0\xff\xff\xff\xf0\xff" + content[at + 12:])


def huge_picture(folder):
    """Rows and Columns of 65535 over the same pixels."""
    path = one(folder, ".dcm")
    if not path:
        return False
    content = bytearray(get(path))
    for element in (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"):
        at = content.find(element)
        content[at + 8:at + 10] = b"\xff\xff"
    put(path, bytes(content))


def flipped_variants(folder):
    path = one(folder, ".vcf.gz", ".bcf")
    if not path:
        return False
    content = bytearray(get(path))
    middle = len(content) // 2
    for i in range(middle, min(middle + 8, len(content))):
        content[i] ^= 0x55
    put(path, bytes(content))


def bomb_of_variants(folder):
    """1 GB of header lines in 1 MB."""
    line = b"##comment=" + b"A" * 1013 + b"\n"
    packer, out = zlib.compressobj(9, zlib.DEFLATED, 31), io.BytesIO()
    out.write(packer.compress(b"##fileformat=VCFv4.2\n"))
    for _ in range(1024):
        out.write(packer.compress(line * 1024))
    out.write(packer.flush())
    put(os.path.join(folder, "bomb.vcf.gz"), out.getvalue())


def cut_record(folder):
    put(os.path.join(folder, "record.json"), b'{"resourceType": "Bundle", "entry": [')


def nested_record(folder):
    put(os.path.join(folder, "record.json"), b'{"resourceType": "Bundle", "entry": ' + b"[" * 100000)


def entity_bomb(folder):
    entities = "".join('<!ENTITY e%d "%s">' % (i + 1, ("&e%d;" % i) * 10) for i in range(12))
    put(os.path.join(folder, "record.xml"),
        ('<!DOCTYPE Bundle [<!ENTITY e0 "lol">%s]><Bundle xmlns="http://hl7.org/fhir"><id value="&e12;"/></Bundle>' % entities)
        .encode())


def entity_of_a_file(folder):
    put(os.path.join(folder, "record.xml"),
        b'<!DOCTYPE Bundle [<!ENTITY f SYSTEM "file:///etc/passwd">]><Bundle xmlns="http://hl7.org/fhir"><id value="x"/>&f;</Bundle>')


def fifo(folder):
    os.mkfifo(os.path.join(folder, "ct-000.pipe"))


def unix_socket(folder):
    here = os.getcwd()
    os.chdir(folder)
    socket.socket(socket.AF_UNIX).bind("socket")
    os.chdir(here)


def link_to_itself(folder):
    os.symlink("loop", os.path.join(folder, "loop"))


def link_to_above(folder):
    os.symlink("..", os.path.join(folder, "above"))


def link_to_nothing(folder):
    os.symlink("/nonexistent/image.dcm", os.path.join(folder, "lost.dcm"))


def link_to_a_device(folder):
    os.symlink("/dev/zero", os.path.join(folder, "zero.dcm"))


def unreadable(folder):
    path = os.path.join(folder, "locked.dcm")
    put(path, b"x")
    os.chmod(path, 0)


def sparse(folder):
    """A TiB of nothing behind the head of an image."""
    path = one(folder, ".dcm")
    if not path:
        return False
    os.truncate(path, 1 << 40)


def archive(folder):
    with zipfile.ZipFile(os.path.join(folder, "images.zip"), "w") as z:
        z.writestr("image.dcm", b"\0" * 1000)


def empty_file(folder):
    put(os.path.join(folder, "empty.dcm"), b"")


def empty_case(folder):
    for name in os.listdir(folder):
        os.remove(os.path.join(folder, name))


def deep(folder):
    here = os.getcwd()
    os.chdir(folder)
    for _ in range(200):
        os.mkdir("d")
        os.chdir("d")
    put("deep.dcm", b"x")
    os.chdir(here)


def crowd(folder):
    for i in range(2000):
        put(os.path.join(folder, "n%04d" % i), b"nothing")


def odd_names(folder):
    """Names that end a line, colour a terminal, are no UTF-8, are a formula of a spreadsheet, or as long as can be; and content
    that fails, so that the name stands in the reason."""
    raw = os.fsencode(folder)
    put(raw + b"/=HYPERLINK(\"x\")\n\x1b[31m\xff\xfe.dcm", b"\0" * 128 + b"DICM\x02\x00\x00\x00UL\x04\x00\xff")
    put(raw + b"/" + b"n" * 251 + b".dcm", b"\0" * 128 + b"DICM\x02\x00\x00\x00UL\x04\x00\xff")


def numbers(folder):
    put(os.path.join(folder, "record.json"),
        b'{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {"value": '
        + b"9" * 100000 + b"e" + b"9" * 1000 + b"}}")


KINDS = [
    # kind, end, reason
    (truncated_dicom, "failed", r"\.dcm: "),
    (cut_record, "failed", r"record\.json: "),
    (flipped_variants, "failed", r"variants\.|\.bcf"),
    (entity_bomb, "failed", r"record\.xml: "),
    (fifo, "failed", r"ct-000\.pipe: is not a regular file"),
    (link_to_itself, "failed", r"loop: cannot open: Too many levels of symbolic links"),
    (sparse, "failed", r"\.dcm: "),
    (nested_record, "failed", r"record\.json: "),
    (empty_case, "failed", r"the case holds no files"),
    (odd_names, "failed", r"^'=HYPERLINK.*dcm: "),
    (deep, "failed", r"folders nest deeper than 32"),
    (bomb_of_variants, "failed", r"bomb\.vcf\.gz"),
    (endless_element, "failed", r"\.dcm: "),
    (huge_picture, "failed", r"\.dcm: "),
    (link_to_nothing, "failed", r"lost\.dcm: cannot open: No such file"),
    (link_to_above, "any", r""),
    (link_to_a_device, "failed", r"zero\.dcm: is not a regular file"),
    (unix_socket, "failed", r"socket: cannot open"),
    (entity_of_a_file, "failed", r"record\.xml: "),
    (numbers, "any", r""),
    (archive, "any", r""),
    (empty_file, "any", r""),
    (crowd, "any", r""),
]
if os.geteuid() != 0:  # whom permissions do not stop
    KINDS.append((unreadable, "failed", r"locked\.dcm: cannot open: Permission denied"))


def main():
    cohort, count = sys.argv[1], int(sys.argv[2])
    cases = sorted(os.listdir(os.path.join(cohort, "cases")))
    with open(os.path.join(cohort, "hostile.csv"), "w", newline="") as f:
        table = csv.writer(f, lineterminator="\n")
        table.writerow(["case", "kind", "end", "reason"])
        for i in range(count):
            at = i * len(cases) // count
            damage, end, reason = KINDS[i % len(KINDS)]
            while damage(os.path.join(cohort, "cases", cases[at])) is False:  # it lacks a file of that kind
                at += 1
            table.writerow([cases[at], damage.__name__, end, reason])


main()
