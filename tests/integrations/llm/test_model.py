"""The language model over a real server on loopback: what it sends, and how each fault comes out."""

import pytest
from pydantic import BaseModel, ConfigDict

from crm_api.ports import PermanentFailure, PortFailure, TemporaryFailure
from integrations.llm.model import OpenAIModel
from tests.support.openai_server import OpenAIServer, openai_server


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: str


class Strict(OpenAIModel):
    """Asks this server as it would ask OpenAI itself."""

    is_strict = True  # type: ignore[assignment]


STYLES = pytest.mark.parametrize("style", [Strict, OpenAIModel])


def model(style: type[OpenAIModel], server: OpenAIServer, **limits: float) -> OpenAIModel:
    return style(api_key="key", model="test", base_url=server.url, **limits)  # type: ignore[arg-type]


async def asked(style: type[OpenAIModel], server: OpenAIServer, **limits: float) -> Wanted:
    made = model(style, server, **limits)
    try:
        return await made.parse("plan", "question", Wanted)
    finally:
        await made.aclose()


@STYLES
async def test_an_answer_in_the_schema_comes_back_as_an_object(style: type[OpenAIModel]) -> None:
    async with openai_server({"action": "query"}) as server:
        assert (await asked(style, server)).action == "query"


async def test_openai_is_asked_through_responses_and_keeps_nothing() -> None:
    async with openai_server({"action": "query"}) as server:
        await asked(Strict, server)
        request = server.requests[0]
    assert request["path"].endswith("/responses")
    assert request["body"]["store"] is False
    assert request["body"]["text"]["format"]["strict"] is True


async def test_another_server_is_asked_through_chat_completions() -> None:
    async with openai_server({"action": "query"}) as server:
        await asked(OpenAIModel, server)
        assert server.requests[0]["path"].endswith("/chat/completions")
        assert server.requests[0]["body"]["response_format"]["json_schema"]["strict"] is True


@pytest.mark.parametrize(
    ("url", "strict"),
    [
        ("", True),
        ("https://api.openai.com/v1", True),
        ("https://acme.openai.azure.com/openai/v1/", True),
        ("http://127.0.0.1:11434/v1", False),
        ("https://openai.azure.com.evil.example/v1", False),
    ],
)
def test_only_openai_and_azure_count_as_strict(url: str, strict: bool) -> None:
    assert OpenAIModel(api_key="", model="m", base_url=url).is_strict is strict


@STYLES
@pytest.mark.parametrize("fault", ["truncated", "off-schema", "refusing", "401", "fenced"])
async def test_what_trying_again_cannot_help_is_permanent(style: type[OpenAIModel], fault: str) -> None:
    async with openai_server(fault) as server:
        with pytest.raises(PermanentFailure):
            await asked(style, server)


@STYLES
@pytest.mark.parametrize("fault", ["429", "500"])
async def test_a_busy_server_is_tried_once_more_and_then_temporary(
    style: type[OpenAIModel], fault: str
) -> None:
    async with openai_server(fault) as server:
        with pytest.raises(TemporaryFailure):
            await asked(style, server)
        assert len(server.requests) == 2


@STYLES
async def test_a_busy_server_that_recovers_is_answered_by_the_second_try(style: type[OpenAIModel]) -> None:
    async with openai_server("429", {"action": "query"}) as server:
        assert (await asked(style, server)).action == "query"


@STYLES
async def test_a_slow_server_is_given_up_within_the_limit(style: type[OpenAIModel]) -> None:
    async with openai_server("slow") as server:
        with pytest.raises(TemporaryFailure):
            await asked(style, server, seconds=30, whole_seconds=0.3)


async def test_a_server_that_is_not_there_is_temporary() -> None:
    nobody = OpenAIModel(api_key="", model="m", base_url="http://127.0.0.1:9/v1", seconds=1)
    with pytest.raises(PortFailure) as failure:
        await nobody.parse("", "", Wanted)
    await nobody.aclose()
    assert isinstance(failure.value, TemporaryFailure)


async def test_the_doctor_names_the_model_without_calling_it() -> None:
    (line,) = await OpenAIModel(api_key="k", model="tiny").diagnose()
    assert line.ok
    assert "tiny" in line.message
