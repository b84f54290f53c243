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
            {"subject": "Hello", "body": "{greeting} come and see {product}: {link}"},
            {"subject": "News", "body": "{product} is {price}."},
        ]
    }
)
ADVERSARIAL = json.dumps(
    {
        "drafts": [
            {"subject": "", "body": body}
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
            return self.answer(int(model[7:]), {"error": {"message": "no"}}, wait=True)
        if (model == "no-schema-400" and wanted == "json_schema") or (
            model == "plain-only" and wanted
        ):
            return self.answer(400, {"error": {"message": "unknown response_format"}})
        if model == "busy-once" and times == 1:
            return self.answer(429, {"error": {"message": "busy"}}, wait=True)
        if model == "hang-up":
            self.close_connection = True
            return self.connection.close()
        if model == "slow":
            time.sleep(1)
        return self.chat(self.content(model, times), "length" if self.cut(model, times) else "stop")

    @staticmethod
    def cut(model, times):
        return model == "cut-then-good" and times == 1

    @staticmethod
    def content(model, times):
        if model == "always-garbage" or (model == "garbage-then-good" and times == 1):
            return "Sure! Here are {some} drafts."
        if model == "fenced":
            return f"Here you are:\n```json\n{GOOD}\n```"
        return ADVERSARIAL if model == "adversarial" else GOOD

    def chat(self, content, reason):
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        self.answer(
            200,
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "scripted",
                "choices": [choice],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            },
        )

    def answer(self, status, body, wait=False):
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if wait:
                self.send_header("Retry-After-Ms", "10")
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up: that is what some tests are about


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
sys.stdout.flush()
sys.stdin.read()
