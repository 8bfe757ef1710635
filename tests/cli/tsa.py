"""A timestamp authority for anchors.sh: `openssl ts -reply` behind HTTP. tsa.py CONFIG PORT-FILE

POST /ok answers as RFC 3161 section 3.4 asks; /deny refuses; /stale gives the answer to an earlier request; /junk no
timestamp; /large 1 MiB; /redirect leads elsewhere; /slow never comes.
"""
import http.server, os, subprocess, sys, tempfile, time

config, port_file = sys.argv[1:]
earlier = []


class Authority(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def answer(self, code, body, **headers):
        self.send_response(code)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reply(self, query):
        with tempfile.TemporaryDirectory() as folder:
            path, out = os.path.join(folder, "q"), os.path.join(folder, "r")
            open(path, "wb").write(query)
            subprocess.run(["openssl", "ts", "-reply", "-config", config, "-queryfile", path, "-out", out],
                           check=True, stderr=subprocess.DEVNULL)
            return open(out, "rb").read()

    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] != "application/timestamp-query":
            return self.answer(415, b"")
        if self.path == "/ok":
            earlier.append(self.reply(query))
            return self.answer(200, earlier[-1])
        if self.path == "/stale":
            return self.answer(200, earlier[0])
        if self.path == "/deny":  # a TimeStampResp whose PKIStatus is 2, rejection
            return self.answer(200, bytes.fromhex("30053003020102"))
        if self.path == "/junk":
            return self.answer(200, b"not DER")
        if self.path == "/large":
            return self.answer(200, b"0" * (1 << 20))
        if self.path == "/redirect":
            return self.answer(302, b"", Location="/ok")
        if self.path == "/slow":
            time.sleep(30)
        self.answer(404, b"")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Authority)
server.daemon_threads = True
with open(port_file + ".tmp", "w") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".tmp", port_file)
server.serve_forever()
