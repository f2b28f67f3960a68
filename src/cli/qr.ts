/**
 * QR codes for a terminal.
 * @module
 */
// @ts-types="npm:@types/qrcode@1.5.6"
import { toString } from "qrcode";

/** What to write, and how many rows of the terminal it then takes. */
export interface Picture {
  readonly text: string;
  readonly rows: number;
}

/**
 * Draws a link, and names it for whoever opens it elsewhere. Two modules of the code are one character high.
 * @param replaces rows above, which the picture takes the place of on a terminal
 * @param columns the terminal's width; undefined for what is none
 */
export async function drawQr(link: string, replaces: number, columns = widthOfTerminal()): Promise<Picture> {
  if (columns === undefined) {
    return { text: `${await toString(link, { type: "utf8", errorCorrectionLevel: "L" })}\n${link}\n`, rows: 0 };
  }
  // In black on white, whatever the terminal's colours are: not every phone reads it the other way round.
  const picture = await toString(link, { type: "terminal", small: true, errorCorrectionLevel: "L" });
  const back = replaces > 0 ? `\x1b[${replaces}A\x1b[J` : "";
  const text = `${picture.replace(/\n*$/, "\n")}${link}\n`;
  return { text: back + text, rows: text.split("\n").length - 2 + Math.ceil(link.length / columns) };
}

function widthOfTerminal(): number | undefined {
  // A terminal may not know.
  return Deno.stderr.isTerminal() ? Deno.consoleSize().columns || 80 : undefined;
}
