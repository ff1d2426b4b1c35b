# SPDX-License-Identifier: MIT
"""Requests through a web application, without a network in between."""

import io
import sys

from bottle import Bottle, HTTPError, SimpleTemplate, request, response

app = Bottle()
page = SimpleTemplate(
    "<h1>{{name}}</h1>% for n in numbers:\n<p>{{n}}</p>\n% end\n"
)


@app.route("/hello/<name>")
def hello(name):
    """Answer with a page."""
    response.set_cookie("seen", name)
    return page.render(name=name, numbers=range(20))


@app.route("/sum", method="POST")
def total():
    """Answer with JSON."""
    return {"sum": sum(int(value) for value in request.forms.values())}


@app.route("/fail/<n:int>")
def fail(n):
    """Fail, as requests do."""
    if n % 2:
        raise HTTPError(404, "odd")
    return str(1 / (n - n))


def send(method, path, body=b""):
    """Send a request; return the answer's bytes."""
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_PORT": "80",
        "SERVER_NAME": "localhost", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(),
        "CONTENT_LENGTH": str(len(body)), "HTTP_COOKIE": "seen=yes",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }  # fmt: skip
    return b"".join(app(environ, lambda *_: None))


def main(rounds):
    """Send so many."""
    size = 0
    for n in range(600 * rounds):
        size += len(send("GET", f"/hello/visitor{n % 50}"))
        size += len(send("POST", "/sum", b"a=1&b=2&c=%d" % n))
        size += len(send("GET", f"/fail/{n}"))
    if size == 0:
        raise SystemExit("nothing was answered")


main(int(sys.argv[1]))
