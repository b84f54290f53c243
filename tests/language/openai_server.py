"""A small OpenAI-compatible server whose behaviour is chosen by the model's name.

Prints its address, serves until standard input closes. GET /seen/MODEL returns what it was sent.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = json.dumps(
    {
        "drafts": [
            {
                "subject": "Hello",
                "preheader": "A word from {shop}",
                "body": "{greeting} come and see {product}: {link}",
                "button": "Look",
            },
            {
                "subject": "News",
                "preheader": "For you",
                "body": "{product} is {price}.",
                "button": "Look",
            },
        ]
    }
)
ADVERSARIAL = json.dumps(
    {
        "drafts": [
            {"subject": "Hello", "preheader": "Hello", "body": body}
            for body in (
                "Half price today!",
                "{product} for £1",
                "只剩三件",
                "Free delivery",
                "{discount} left",
                "八折",
                "Was {price}",
                "Two-year warranty",
                "质保一年",
            )
        ]
    }
)
SILENCE = 600  # seconds: nobody waits so long, and at the end of the input all is over
seen: dict[str, list[dict]] = {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def do_GET(self):
        self.answer(200, seen.get(self.path.split("/")[-1], []))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = body["model"]
        seen.setdefault(model, []).append(body)
        if self.path != "/v1/chat/completions":
            return self.answer(404, {"error": {"message": "no such path"}})
        if self.headers.get("Authorization") != "Bearer test-key":
            return self.answer(401, {"error": {"message": "wrong key"}})
        return self.behave(model, body.get("response_format", {}).get("type"), len(seen[model]))

    def behave(self, model, wanted, times):
        if model.startswith("always-") and model[7:].isdigit():
            return self.answer(int(model[7:]), {"error": {"message": "no"}}, wait="10")
        if (model == "no-schema-400" and wanted == "json_schema") or (
            model == "plain-only" and wanted
        ):
            return self.answer(400, {"error": {"message": "unknown response_format"}})
        if model == "busy-once" and times == 1:
            return self.answer(429, {"error": {"message": "busy"}}, wait="10")
        if model == "busy-for-a-while":
            return self.answer(429, {"error": {"message": "busy"}}, wait="900")
        if model == "hang-up":
            self.close_connection = True
            return self.connection.close()
        if model == "slow":
            time.sleep(SILENCE)
        return self.stream(model, times)

    def stream(self, model, times):
        """Server-sent events, as the real ones: role, words, reason, usage, [DONE]."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            self.words(model, self.content(model, times))
            self.ending(model, "length" if self.cut(model, times) else "stop")
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up: that is what some tests are about

    def words(self, model, content):
        pieces = [content[at : at + 40] for at in range(0, len(content), 40)]
        for number, piece in enumerate(pieces):
            if number == 1 and model == "hangs":
                time.sleep(SILENCE)
            if number == 1 and model == "breaks-off":
                return
            if model == "drips":
                time.sleep(0.1)
            if number == 1 and model == "not-json":
                self.wfile.write(b"data: {this is no JSON}\n\n")
            if number == 1 and model == "error-event":
                self.event({"error": {"message": "overloaded", "code": 503}})
            self.event(self.chunk({"content": piece}, None))

    def ending(self, model, reason):
        if model == "breaks-off":
            return
        self.event(self.chunk({}, reason))
        if model != "no-usage":
            usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
            self.event(self.chunk(None, None) | {"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, data):
        self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    @staticmethod
    def chunk(delta, reason):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        return head | {"choices": [choice]}

    @staticmethod
    def cut(model, times):
        return model == "always-cut" or (model == "cut-then-good" and times == 1)

    @staticmethod
    def content(model, times):
        if model == "always-garbage" or (model == "garbage-then-good" and times == 1):
            return "Sure! Here are {some} drafts."
        if model == "fenced":
            return f"Here you are:\n```json\n{GOOD}\n```"
        if model == "drips":
            return GOOD + " " * 40_000  # at a piece in a tenth of a second: for minutes
        if model == "endless":
            return "word " * 20_000
        if model == "tells-secrets":
            return GOOD.replace("come and see", "ana@example.com or +44 20 7946 0958, see")
        return ADVERSARIAL if model == "adversarial" else GOOD

    def answer(self, status, body, wait=""):
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if wait:
                self.send_header("Retry-After-Ms" if wait == "10" else "Retry-After", wait)
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up: that is what some tests are about


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
sys.stdout.flush()
sys.stdin.read()
