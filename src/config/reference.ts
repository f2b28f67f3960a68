/**
 * The table of options in words: for `--help` and for `docs/configuration.md`.
 * @module
 */
import { type OptionName, optionNames, optionOf } from "./options.ts";

interface Row {
  readonly name: OptionName;
  readonly twin?: string;
  readonly fallback: string;
  readonly help: string;
  readonly expects: string;
}

function rows(): readonly Row[] {
  return optionNames().map((name) => {
    const { default: preset, defaultText, secret, help, expects } = optionOf(name);
    return {
      name,
      twin: secret ? `${name}_FILE` : undefined,
      fallback: defaultText ?? (typeof preset === "string" ? preset : ""),
      help,
      expects: expects.replace(/ \(.*\)$/, ""),
    };
  });
}

/** The options as plain text: a line with the name and one, indented, with its meaning and default. */
export function optionsText(): string {
  return rows().map(({ name, twin, fallback, help }) =>
    `  ${name}${twin ? ` (or ${twin})` : ""}\n      ${help}${fallback ? ` Default: ${fallback}.` : ""}\n`
  ).join("");
}

/** The options as a Markdown table. */
export function optionsMarkdown(): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const lines = rows().map(({ name, twin, fallback, help, expects }) =>
    `| \`${name}\`${twin ? `, \`${twin}\`` : ""} | ${cell(expects)} | ${cell(fallback)} | ${cell(help)} |`
  );
  return ["| variable | value | default | meaning |", "| --- | --- | --- | --- |", ...lines, ""].join("\n");
}
