/**
 * QR codes for a terminal.
 * @module
 */
// @ts-types="@types/qrcode"
import { toString } from "qrcode";

/** What to write, and how many rows of the terminal it then takes. */
export interface Picture {
  readonly text: string;
  readonly rows: number;
}

/** Black on white, whatever the terminal's colours are: not every phone reads it the other way round. */
const [DARK_ON_LIGHT, PLAIN] = ["\x1b[30;47m", "\x1b[0m"];

/**
 * Draws a link, and names it for whoever opens it elsewhere. Two modules of the code are one character high.
 * @param replaces rows above, which the picture takes the place of on a terminal
 * @param columns the terminal's width; undefined for what is none
 */
export async function drawQr(link: string, replaces: number, columns = widthOfTerminal()): Promise<Picture> {
  const lines = (await toString(link, { type: "utf8", errorCorrectionLevel: "L" })).split("\n");
  if (columns === undefined) return { text: `${lines.join("\n")}\n${link}\n`, rows: 0 };
  const back = replaces > 0 ? `\x1b[${replaces}A\x1b[J` : "";
  const picture = lines.map((line) => `${DARK_ON_LIGHT}${line}${PLAIN}\n`).join("");
  return { text: `${back}${picture}${link}\n`, rows: lines.length + Math.ceil(link.length / columns) };
}

function widthOfTerminal(): number | undefined {
  // A terminal may not know.
  return Deno.stderr.isTerminal() ? Deno.consoleSize().columns || 80 : undefined;
}
