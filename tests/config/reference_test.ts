import assert from "node:assert/strict";
import { optionNames, optionOf } from "../../src/config/options.ts";
import { optionsMarkdown, optionsText } from "../../src/config/reference.ts";

Deno.test("reference: both forms name every option with its default and twin", () => {
  for (const text of [optionsText(), optionsMarkdown()]) {
    for (const name of optionNames()) assert.ok(text.includes(name), name);
    assert.match(text, /TELEGRAM_STRING_SESSION_FILE/);
    assert.match(text, /8000/);
    assert.match(text, /text on a terminal, else json/);
    assert.doesNotMatch(text, /undefined/);
  }
});

Deno.test("reference: the Markdown table has four columns in every row", () => {
  for (const line of optionsMarkdown().trimEnd().split("\n")) {
    assert.equal(line.replaceAll("\\|", "").split("|").length, 6, line);
  }
});

Deno.test("options: every example and default that is complete is accepted by its own type", () => {
  for (const name of optionNames()) {
    const { type, example, default: preset } = optionOf(name);
    if (!example.endsWith("…")) assert.ok(type.safeParse(example).success, name);
    if (typeof preset === "string") assert.ok(type.safeParse(preset).success, name);
  }
});
