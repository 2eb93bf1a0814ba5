"""The port `TextModel` over OpenAI, Azure OpenAI, or any server that speaks the same format.

openai 3.x speaks httpx2. Without a key its client refuses to exist even where the server needs none, its
import takes seconds, and its default time limit is ten minutes: so it is made at the first call, with limits
of our own. OpenAI and Azure enforce a schema through the Responses API; other servers do so reliably only
through chat completions (vLLM leaves Responses unenforced), so they are asked that way and what comes back
is validated again in any case.
"""

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from crm_api.ports import Diagnosis, PermanentFailure, TemporaryFailure

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Schema = TypeVar("Schema", bound=BaseModel)

MOST_TOKENS = 1500
CALL_SECONDS, CONNECT_SECONDS, WHOLE_SECONDS = 12.0, 3.0, 20.0
_STRICT_HOSTS = ("api.openai.com", ".openai.azure.com", ".cognitiveservices.azure.com")


class OpenAIModel:
    """One model of one server. `base_url` empty is OpenAI itself; seconds limit one call and the whole answer."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str = "",
        seconds: float = CALL_SECONDS,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        self.name = model
        self._key, self._base_url = api_key, base_url
        self._seconds, self._whole = seconds, whole_seconds
        self._client: AsyncOpenAI | None = None

    @property
    def is_strict(self) -> bool:
        """Whether the server enforces schemas through the Responses API."""
        host = urlsplit(self._base_url).hostname or ""
        return not self._base_url or any(host == known or host.endswith(known) for known in _STRICT_HOSTS)

    async def parse(self, instructions: str, input: str, schema: type[Schema]) -> Schema:
        """Ask for one answer in `schema`.

        Raises TemporaryFailure when the server is slow, busy or away, PermanentFailure when it refuses us,
        declines, is cut off, or answers off the schema.
        """
        client = await self._opened()  # outside the limit: the first import takes seconds
        try:
            async with asyncio.timeout(self._whole):
                ask = self._responses if self.is_strict else self._chat
                return await ask(client, instructions, input, schema)
        except TimeoutError as error:
            raise TemporaryFailure(f"{self.name} did not answer within {self._whole:g} s") from error
        except ValidationError as error:
            raise PermanentFailure(f"{self.name} answered off the schema") from error
        except (TemporaryFailure, PermanentFailure):
            raise
        except Exception as error:
            raise translated(error, self.name) from error

    async def _opened(self) -> "AsyncOpenAI":
        if self._client is None:
            self._client = await asyncio.to_thread(self._make)
        return self._client

    def _make(self) -> "AsyncOpenAI":
        import httpx2
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=self._key or "unused",
            base_url=self._base_url or None,
            max_retries=1,
            timeout=httpx2.Timeout(self._seconds, connect=CONNECT_SECONDS),
        )

    async def _responses(self, client: Any, instructions: str, input: str, schema: type[Schema]) -> Schema:
        answer = await client.responses.parse(
            model=self.name,
            instructions=instructions,
            input=input,
            text_format=schema,
            store=False,
            max_output_tokens=MOST_TOKENS,
        )
        if answer.output_parsed is None:
            raise PermanentFailure(f"{self.name} declined to answer")
        return schema.model_validate(answer.output_parsed.model_dump(by_alias=True))

    async def _chat(self, client: Any, instructions: str, input: str, schema: type[Schema]) -> Schema:
        answer = await client.chat.completions.parse(
            model=self.name,
            response_format=schema,
            max_tokens=MOST_TOKENS,
            messages=[{"role": "system", "content": instructions}, {"role": "user", "content": input}],
        )
        message = answer.choices[0].message if answer.choices else None
        if message is None or message.parsed is None:
            raise PermanentFailure(f"{self.name} declined to answer")
        return schema.model_validate(message.parsed.model_dump(by_alias=True))

    async def diagnose(self) -> list[Diagnosis]:
        """One line for `crm doctor`, without a paid call."""
        where = urlsplit(self._base_url).hostname or "OpenAI"
        return [
            Diagnosis(
                "language model",
                True,
                f"questions are planned by {self.name} at {where}, offline when it fails",
            )
        ]

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()


def translated(error: Exception, name: str) -> TemporaryFailure | PermanentFailure | Exception:
    """The library's error as one of ours; anything that is not the library's is returned as it is."""
    import openai

    match error:
        case openai.APIConnectionError():
            return TemporaryFailure(f"{name} cannot be reached")
        case openai.RateLimitError():
            return TemporaryFailure(f"{name} is over its limit", retry_after=_retry_after(error))
        case openai.APIStatusError() if error.status_code >= 500 or error.status_code in (408, 409):
            return TemporaryFailure(f"{name} answered {error.status_code}", retry_after=_retry_after(error))
        case openai.APIStatusError():
            return PermanentFailure(
                f"{name} answered {error.status_code}; check OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL"
            )
        case openai.OpenAIError():
            return PermanentFailure(f"{name} gave no usable answer")
        case _:
            return error


def _retry_after(error: Any) -> float | None:
    try:
        return float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
