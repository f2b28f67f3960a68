/** The picture of a deployment is the one that its text describes. */
import assert from "node:assert/strict";
import { mark } from "../deploy/picture.ts";

const read = (name: string): Promise<string> => Deno.readTextFile(new URL(`../docs/${name}`, import.meta.url));

Deno.test("deployment picture: it was drawn from the text as it is now; otherwise `deno task picture`", async () => {
  const [text, picture] = [await read("deployment.dot"), await read("deployment.svg")];
  assert.ok(picture.includes(mark(text)), "the text has changed since");
  const labels = [...text.matchAll(/label="([^"]+)"/g)].flatMap(([, label = ""]) => label.split("\\n"));
  assert.ok(labels.length > 20, `${labels.length} labels`);
  const shown = picture.replaceAll("&#39;", "'");
  assert.deepEqual(labels.filter((label) => !shown.includes(`>${label}<`)), []);
});

Deno.test("deployment picture: its background is its own, so that dark pages show it as light ones do", async () => {
  const picture = await read("deployment.svg");
  const [, width = "", height = ""] = /viewBox="0\.00 0\.00 ([\d.]+) ([\d.]+)"/.exec(picture) ?? [];
  assert.ok(Number(width) > 0 && Number(height) > 0);
  // The first shape covers all of it.
  const [, fill, points = ""] = /<polygon fill="([^"]+)"[^>]*points="([^"]+)"/.exec(picture) ?? [];
  assert.equal(fill, "#ffffff");
  const corners = points.trim().split(/\s+/).map((point) => point.split(",").map(Number));
  const spread = (axis: number): number => {
    const all = corners.map((corner) => corner[axis] ?? NaN);
    return Math.max(...all) - Math.min(...all);
  };
  assert.ok(spread(0) >= Number(width) - 1 && spread(1) >= Number(height) - 1, points);
});
