"""The source code, in each language, of a program that says something with its client."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from event_registry.fields import Field, Type
from event_registry.generate import naming
from tests.generated.said import MOMENT, Said

Renamed = Mapping[str, str]
"""The identifiers of a plan that a language cannot have, with what stands for them."""


def typescript(calls: Iterable[Said], renamed: Renamed) -> str:
    """For Node, compiled to a module."""
    return f"""
import {{ Analytics, Client }} from "./product_analytics.js";

const client = new Client({{ host: process.argv[2] ?? "", writeKey: "YOUR_WRITE_KEY" }});
const analytics = new Analytics(client);
{_lines(_typescript_call, calls, renamed)}
await client.close();
"""


def python(calls: Iterable[Said], renamed: Renamed) -> str:
    """It ends without closing the client."""
    return f"""
import sys
from datetime import datetime

from product_analytics import Analytics, Client

analytics = Analytics(Client(sys.argv[1], "YOUR_WRITE_KEY"))
{_lines(_python_call, calls, renamed)}
moment = datetime.now()
"""


def ruby(calls: Iterable[Said], renamed: Renamed) -> str:
    """It ends without closing the client."""
    return f"""
require "product_analytics"

client = ProductAnalytics::Client.new(ARGV[0], "YOUR_WRITE_KEY")
{_lines(_ruby_call, calls, renamed)}
"""


def go(calls: Iterable[Said], renamed: Renamed) -> str:
    """It closes the client, as Go has no other end."""
    return f"""
package main

import (
	"context"
	"log"
	"os"
	"time"

	analytics "example.com/app/productanalytics"
)

func at(text string) time.Time {{
	moment, err := time.Parse(time.RFC3339Nano, text)
	must(err)
	return moment
}}

func must(err error) {{
	if err != nil {{
		log.Fatal(err)
	}}
}}

func main() {{
	client, err := analytics.NewClient(analytics.Config{{Host: os.Args[1], WriteKey: "YOUR_WRITE_KEY"}})
	must(err)
	_ = at("2026-01-31T12:00:00Z")
	{_lines(_go_call, calls, renamed)}
	must(client.Close(context.Background()))
}}
"""


def _lines(render: Callable[[Said, Renamed], str], calls: Iterable[Said], renamed: Renamed) -> str:
    return "\n".join(render(said, renamed) for said in calls)


def _fields(said: Said) -> list[tuple[Field, Any]]:
    return [(field, said.values[field.name]) for field in said.entry.fields if field.name in said.values]


def _typescript_call(said: Said, renamed: Renamed) -> str:
    values = json.dumps(said.values).replace(f'"{MOMENT}"', f'new Date("{MOMENT}")')
    options = json.dumps({"userId": said.user_id})
    match said.entry.call:
        case "identify":
            return f"analytics.identify({json.dumps(said.user_id)}, {values});"
        case "group":
            return f'analytics.group("acc_1", {values}, {options});'
        case _:
            method = naming.camel(said.entry.name)
            return f"analytics.{renamed.get(method, method)}({values}, {options});"


def _python_call(said: Said, renamed: Renamed) -> str:
    words = {naming.snake(field.name): value for field, value in _fields(said)}
    given = [f"{renamed.get(name, name)}={_python_value(value)}" for name, value in words.items()]
    first = ['"acc_1"'] if said.entry.call == "group" else []
    method = naming.snake(said.entry.name)
    return f"analytics.{renamed.get(method, method)}({', '.join([*first, f'user_id={said.user_id!r}', *given])})"


def _python_value(value: Any) -> str:
    return repr(value).replace(repr(MOMENT), f"datetime.fromisoformat({MOMENT!r})")


def _ruby_call(said: Said, renamed: Renamed) -> str:
    words = {naming.snake(field.name): value for field, value in _fields(said)}
    given = ", ".join(f"{renamed.get(name, name)}: {_ruby_value(value)}" for name, value in words.items())
    traits = {"identify": "IdentifyTraits", "group": "GroupTraits"}
    name = traits.get(said.entry.call) or naming.pascal(said.entry.name)
    group = 'group_id: "acc_1", ' if said.entry.call == "group" else ""
    made = f"ProductAnalytics::{renamed.get(name, name)}.new({given})"
    return f"client.{said.entry.call}({made}, {group}user_id: {_ruby_value(said.user_id)})"


def _ruby_value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False).replace("#", "\\#")
    return text.replace(f'"{MOMENT}"', f'Time.iso8601("{MOMENT}")')


def _go_call(said: Said, renamed: Renamed) -> str:
    traits = {"identify": "IdentifyTraits", "group": "GroupTraits"}
    name = traits.get(said.entry.call) or naming.pascal(said.entry.name)
    name = renamed.get(name, name)
    given = [(naming.exported(field.name), _go_field(name, field, value)) for field, value in _fields(said)]
    made = f"{name}{{{', '.join(f'{field}: {value}' for field, value in given)}}}"
    if len(given) == len(said.entry.required):
        made = f"New{name}({', '.join(value for _, value in given)})"
    call = f"analytics.Call{{UserID: {json.dumps(said.user_id)}}}"
    group = '"acc_1", ' if said.entry.call == "group" else ""
    return f"must(client.{said.entry.call.capitalize()}({call}, {group}analytics.{made}))"


def _go_field(owner: str, field: Field, value: Any) -> str:
    written = _go_value(f"analytics.{owner}{naming.exported(field.name)}", field.type, value)
    return written if field.is_required else f"analytics.Of({written})"


def _go_value(choice_type: str, kind: Type, value: Any) -> str:
    types = {"integer": "int64", "number": "float64", "timestamp": "time.Time", "choice": choice_type}
    if kind.item is not None:
        item = types.get(kind.item.kind, {"string": "string", "boolean": "bool"}.get(kind.item.kind))
        return f"[]{item}{{{', '.join(_go_value(choice_type, kind.item, each) for each in value)}}}"
    text = json.dumps(value, ensure_ascii=False)
    if kind.kind == "timestamp":
        return f"at({text})"
    return f"{types[kind.kind]}({text})" if kind.kind in types else text
