/** `docs/security.md` names the test of each point; they are there, under these names. */
import assert from "node:assert/strict";

const PAGE = new URL("../docs/security.md", import.meta.url);

interface Row {
  readonly point: string;
  readonly shown: string;
}

/** The rows of the table of points. */
function rowsOf(page: string): Row[] {
  return [...page.matchAll(/^\| +([\d.]+) +\| .+? +\| (.+?) +\|$/gm)].map(([, point = "", shown = ""]) => ({
    point,
    shown,
  }));
}

/** What is wrong with a row; undefined when its test is there, or it says why there is none. */
async function problemOf({ point, shown }: Row): Promise<string | undefined> {
  if (/^(Not applicable: |Left to the proxy)/.test(shown)) return undefined;
  const [, path = "", title = ""] = /^`(tests\/[\w/]+_test\.ts)`: (.+)$/.exec(shown) ?? [];
  const source = await Deno.readTextFile(new URL(`../${path}`, import.meta.url)).catch(() => undefined);
  if (path === "" || source === undefined) return `${point}: there is no file for "${shown}"`;
  const isThere = [`"${title}"`, `\`${title}\``].some((quoted) =>
    source.includes(`(${quoted}`) || source.includes(`\n  ${quoted}`)
  );
  return isThere ? undefined : `${point}: ${path} has no test "${title}"`;
}

Deno.test("security page: every point names a test that there is, or says why there is none", async () => {
  const rows = rowsOf(await Deno.readTextFile(PAGE));
  assert.ok(rows.length > 80, `${rows.length} rows`);
  const problems = await Promise.all(rows.map(problemOf));
  assert.deepEqual(problems.filter((problem) => problem !== undefined), []);
});

Deno.test("security page: a test that is not there is found", async () => {
  const shown = "`tests/security_page_test.ts`: security page: ";
  assert.match(await problemOf({ point: "1.1.1", shown: `${shown}nothing of the kind` }) ?? "", /has no test/);
  assert.match(await problemOf({ point: "1.1.1", shown: "`tests/no_such_test.ts`: a" }) ?? "", /no file/);
  assert.match(await problemOf({ point: "1.1.1", shown: "it is so" }) ?? "", /no file/);
  assert.equal(await problemOf({ point: "1.1.1", shown: `${shown}a test that is not there is found` }), undefined);
});
