"""The endpoints as docs/api.md shows them, and as assistants see them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clip import from_sequence, read_midi, to_midi
from core.recipe import Recipe
from tests.test_page import ROOT, serving

HERE = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with serving(ROOT, tmp_path_factory.mktemp("home")) as address:
        yield address


def snippet(language: str, address: str) -> str:
    """The block of docs/api.md in a language, for the server at an address."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    assert HERE in block
    return block.replace(HERE, address)


def test_the_snippet_in_python(address, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", snippet("python", address)], capture_output=True, text=True, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    path, link = ran.stdout.split()[-2:]
    played = from_sequence(read_midi(Path(path).read_bytes()), 2, 96.0)
    assert len(played.notes) > 4
    assert link.startswith(f"{address}/?jam=")
    recipe = Recipe.from_link(link)
    assert (recipe.operation, recipe.seed, recipe.amount, recipe.qpm) == ("groove", 7, 0.9, 96.0)


def test_the_snippet_for_curl(address, tmp_path):
    ran = subprocess.run(["bash", "-euc", snippet("bash", address)], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert from_sequence(read_midi((tmp_path / "beat.mid").read_bytes()), 2, 96.0).notes


def test_play_takes_links_and_recipes(address, tmp_path, rock_beat, half_time_beat):
    from gradio_client import Client

    from core.studio import perform

    client = Client(address, verbose=False, download_files=tmp_path)
    recipe = Recipe("interpolate", "bundled/drums_2bar.hikl", 3, 3, clips=(rock_beat, half_time_beat))
    expected = perform(recipe)
    for jam in (recipe.to_string(), f"https://elsewhere.example/?jam={recipe.to_string()}"):
        files, text, link = client.predict(jam=jam, api_name="/play")
        assert [Path(file).read_bytes() for file in files] == [
            to_midi(clip) for clip in (*expected.clips, expected.joined)
        ]
        assert (text, link) == (recipe.to_string(), f"{address}/?jam={recipe.to_string()}")
    for wrong in ("", "nonsense", recipe.to_string()[:-9]):
        with pytest.raises(Exception, match="This link"):
            client.predict(jam=wrong, api_name="/play")


def test_what_the_api_page_says(address):
    info = json.load(urllib.request.urlopen(f"{address}/gradio_api/info"))["named_endpoints"]
    assert set(info) == {"/sample", "/interpolate", "/groove", "/play", "/link"}
    for name, endpoint in info.items():
        assert len(endpoint["description"]) > 60, name
        for parameter in endpoint["parameters"]:
            assert parameter["parameter_name"] != "request"
            assert "gradio-app" not in json.dumps(parameter["example_input"]), f"{name} has an example of Gradio's own"
            assert parameter["example_input"] not in (None, "Hello!!", 3), parameter["parameter_name"]
        assert all(each["label"] and not each["label"].startswith("value_") for each in endpoint["returns"]), name
    Recipe.from_string(info["/play"]["parameters"][0]["example_input"])


def test_an_assistant_makes_a_beat(address):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def converse() -> tuple[dict, str, str]:
        async with (
            streamablehttp_client(f"{address}/gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            beat = await session.call_tool("make_clips", {"num_outputs": 1, "temperature": 0.6, "qpm": 90, "seed": 3})
            texts = [part.text for part in beat.content if part.type == "text"]
            # Version 2 of the format and the beginning of deflated data.
            recipe = re.search(r"\bAnja[\w-]{30,}", " ".join(texts)).group()
            shared = await session.call_tool("share_link", {"recipe": recipe})
            wrong = await session.call_tool("play_recipe", {"jam": "nonsense"})
            assert wrong.isError
            assert "This link" in wrong.content[0].text
            return tools, recipe, shared.content[0].text

    tools, recipe, link = asyncio.run(converse())
    assert set(tools) == {"make_clips", "blend_two_clips", "play_like_a_drummer", "play_recipe", "share_link"}
    for tool in tools.values():
        assert len(tool.description) > 80
        described = tool.inputSchema["properties"]
        assert all(each.get("description") for each in described.values()), tool.name
    made = Recipe.from_string(recipe)
    assert (made.seed, made.qpm, made.count) == (3, 90.0, 1)
    assert link == f"{address}/?jam={recipe}"
