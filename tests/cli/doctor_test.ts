import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkConfiguration, readConfiguration } from "../../src/cli/doctor/configuration.ts";
import { checkDataDirectory } from "../../src/cli/doctor/data_directory.ts";
import { checkDisk } from "../../src/cli/doctor/disk.ts";
import { reportText } from "../../src/cli/doctor/report.ts";
import { Secret } from "../../src/config/secret.ts";
import { databasePath, openDataDirectory } from "../../src/storage/open.ts";
import { sessionPath, storeSession } from "../../src/storage/session_file.ts";
import { run } from "./command.ts";
import { admit, assertFindings, type Expected, PROXY_PASSWORD, SESSION_KEY } from "./doctor.ts";
import { OF_A_MODULE, ofSources } from "./product.ts";

Deno.test("doctor: where nothing is wrong every check says so, in the same order for people and programs", async () => {
  await using patient = await admit();
  openDataDirectory(patient.dataDir).close();
  const findings = await patient.findings();
  assertFindings(findings, [
    ["configuration", "warn", /^A test data centre on port \d+ stands in for Telegram$/],
    ["data directory", "ok", /is writable$/],
    ["data directory", "ok", /^the database opens and is whole$/],
    ["disk", "ok", /^[\d.]+ GiB are free for /],
    ["clock", "ok", /^less than 1 s (behind|ahead of) Telegram's$/],
    ["network", "ok", /reached: 2 in \d+ ms$/],
    ["session", "ok", /^Telegram accepts it: user 1000, @sandbox_owner, data centre 2$/],
    ["listener", "ok", /^any free port of 127\.0\.0\.1 can be listened on$/],
  ]);
  const { code, out, err } = await run(["doctor"], patient.environment);
  assert.deepEqual([code, err], [0, ""]);
  assert.deepEqual(
    out.split("\n").slice(0, -1).map((line) => /^(ok {4}|warn {2}|fail {2})([a-z ]+): /.exec(line)?.[2]),
    findings.map(({ check }) => check),
    out,
  );
});

ofSources(OF_A_MODULE, "doctor: the report has a fix under its line, and colours only when asked for", () => {
  const findings = [
    { check: "disk", status: "ok", message: "room" },
    { check: "session", status: "fail", message: "none", fix: "Log in." },
  ] as const;
  assert.equal(reportText(findings, { colours: false }), "ok    disk: room\nfail  session: none\n      Log in.\n");
  assert.equal(
    reportText(findings, { colours: true }),
    "\x1b[32mok\x1b[0m    disk: room\n\x1b[31mfail\x1b[0m  session: none\n      Log in.\n",
  );
});

Deno.test("doctor: each fault of the configuration has its line, and what does not depend on it is checked", async () => {
  await using patient = await admit();
  const open = join(patient.sandbox.directory, "open");
  await Deno.writeTextFile(open, patient.session, { mode: 0o644 });
  await Deno.chmod(open, 0o644);
  const noSession = { TELEGRAM_STRING_SESSION_FILE: "" };
  const cases: [Record<string, string>, Expected[]][] = [
    [{ MCP_SERVER_PORT: "99999", LOG_FORMAT: "xml" }, [
      ["configuration", "fail", /^MCP_SERVER_PORT: expected a port/, /MCP_SERVER_PORT=8000/],
      ["configuration", "fail", /^LOG_FORMAT: expected text or json$/, /LOG_FORMAT=json/],
      ["listener", "warn", /^not checked, for want of MCP_SERVER_PORT$/],
    ]],
    [{ TELEGRAM_API_HASH: "s3cret" }, [
      ["configuration", "fail", /^TELEGRAM_API_HASH: expected 32/],
      ["clock", "warn", /for want of TELEGRAM_API_HASH/],
      ["session", "warn", /for want of TELEGRAM_API_HASH/],
    ]],
    [{ TELEGRAM_STRING_SESSION_FILE: "/nowhere/session" }, [
      ["configuration", "fail", /^TELEGRAM_STRING_SESSION_FILE: the file cannot be read \(NotFound\)$/],
      ["session", "warn", /for want of TELEGRAM_STRING_SESSION/],
    ]],
    [{ TELEGRAM_TEST_KEY_FILE: "/nowhere/key" }, [
      ["configuration", "fail", /^TELEGRAM_TEST_KEY_FILE: the file cannot be read/],
      ["clock", "warn", /for want of TELEGRAM_TEST_DC and TELEGRAM_TEST_KEY_FILE/],
      ["network", "warn", /for want of/],
      ["session", "warn", /for want of/],
    ]],
    [{ TELEGRAM_PROXY: `http://owner:${PROXY_PASSWORD}@proxy.invalid:3128` }, [
      ["configuration", "fail", /^TELEGRAM_PROXY: expected socks5:/],
      ["clock", "warn", /for want of TELEGRAM_PROXY$/],
      ["network", "warn", /for want of TELEGRAM_PROXY$/],
      ["session", "warn", /for want of TELEGRAM_PROXY$/],
    ]],
    [{ TELEGRAM_API_ID: "", TELEGRAM_API_HASH: "", ...noSession }, [
      [
        "configuration",
        "fail",
        /^TELEGRAM_API_ID and TELEGRAM_API_HASH are not set$/,
        /^Set both, .*my\.telegram\.org/,
      ],
      ["clock", "warn", /^could not be compared .*are not set$/],
      ["session", "fail", /^no account is signed in$/],
    ]],
    [{ MCP_SERVER_HOST: "0.0.0.0" }, [
      ["access", "fail", /^There is no API key, and .* beyond this machine \(0\.0\.0\.0\)$/, /keys create --name NAME/],
    ]],
    [{
      PUBLIC_URL: "http://192.0.2.1",
      TRUSTED_PROXIES: "127.0.0.1",
      TELEGRAM_SESSION: "x",
      TELEGRAM_STRING_SESSION_FILE: open,
    }, [
      ["configuration", "warn", /^TELEGRAM_SESSION is not an option/],
      ["configuration", "warn", /^PUBLIC_URL is not https/, /TLS/],
      [
        "configuration",
        "warn",
        /^the file of TELEGRAM_STRING_SESSION_FILE is open to other users.* \(mode 644\)$/,
        /^chmod 600 \/.*open$/,
      ],
    ]],
  ];
  for (const [changes, expected] of cases) {
    assertFindings(await patient.faults(changes), expected, JSON.stringify(changes));
  }
});

ofSources(
  OF_A_MODULE,
  "doctor: a data directory that no variable names keeps nothing else from being checked",
  async () => {
    const reading = readConfiguration(() => undefined);
    assert.deepEqual([...reading.faulty], ["DATA_DIR"]);
    const findings = (await checkConfiguration(reading, () => undefined)).map((outcome) => ({ check: "", ...outcome }));
    assertFindings(findings, [["", "fail", /^DATA_DIR: expected/], ["", "fail", /^TELEGRAM_API_ID and/]]);
  },
);

Deno.test("doctor: a data directory that cannot be used, or that others can, is told with what to do", async () => {
  await using patient = await admit();
  const { dataDir, sandbox: { directory } } = patient;
  const file = join(directory, "file");
  await Deno.writeTextFile(file, "");
  const missing = join(directory, "a", "b");
  const [isFile, made] = [await patient.faults({ DATA_DIR: file }), await patient.findings({ DATA_DIR: missing })];
  assertFindings(isFile.slice(0, 1), [[
    "data directory",
    "fail",
    /file is not a folder$/,
    /^Set DATA_DIR to a folder/,
  ]]);
  assert.equal(
    made.find(({ check }) => check === "data directory")?.message,
    `${missing} does not exist yet and can be made`,
  );
  await assert.rejects(Deno.stat(join(directory, "a")), Deno.errors.NotFound);
  // The system lets nobody make anything there, and most versions of Deno let nobody in.
  const system = await patient.faults({ DATA_DIR: "/proc" });
  assertFindings(system.slice(0, 1), [["data directory", "fail", /^\/proc cannot be written to: /, /[Ss]et DATA_DIR/]]);
  const below = await patient.faults({ DATA_DIR: "/proc/x/y" });
  assertFindings(below.slice(0, 1), [[
    "data directory",
    "fail",
    /^\/proc\/x\/y cannot be (written to|made in \/proc): /,
    /DATA_DIR/,
  ]]);

  await Deno.chmod(dataDir, 0o750);
  assertFindings(await patient.faults(), [
    ["data directory", "fail", /other users .*\(mode 750\)$/, /^chmod 700 /],
    ["session", "warn", /^not checked, since others have access/],
  ]);
  await Deno.chmod(dataDir, 0o700);
  const stranger = (Deno.uid() ?? 0) + 1;
  const foreign = await checkDataDirectory({ dataDir, telegram: {} }, stranger);
  assertFindings(foreign.map((outcome) => ({ check: "", ...outcome })), [
    ["", "warn", new RegExp(`belongs to user ${Deno.uid()}, and this is user ${stranger}$`), /as the user that runs/],
  ]);
});

Deno.test("doctor: a database that is none, is damaged or is open to others is told, and left as it is", async () => {
  await using patient = await admit();
  const path = databasePath(patient.dataDir);
  await Deno.writeTextFile(path, "no database ".repeat(1000), { mode: 0o600 });
  const broken = /^the database .* cannot be used: /;
  assertFindings(await patient.faults(), [["data directory", "fail", /not a database$/, /move the file away/]]);
  await Deno.remove(path);
  {
    using db = openDataDirectory(patient.dataDir);
    db.exec("CREATE TABLE t (x TEXT); CREATE INDEX i ON t (x)");
    const insert = db.prepare("INSERT INTO t VALUES (?)");
    for (let i = 0; i < 2000; i++) insert.run(`row ${i} `.repeat(10));
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  assertFindings(await patient.faults(), []);
  {
    using file = await Deno.open(path, { write: true });
    await file.seek(4096 * 20, Deno.SeekMode.Start);
    for (let page = 0; page < 10; page++) await file.write(new Uint8Array(4096).fill(0x41));
  }
  await Deno.chmod(path, 0o644);
  assertFindings(await patient.faults(), [
    ["data directory", "fail", /^the database is open to other users/, /^chmod 600 .*sqlite$/],
    ["data directory", "fail", broken],
    ["session", "warn", /^not checked, since others have access/],
  ]);
  assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o644);
});

Deno.test("doctor: a database that another program keeps locked cannot be used", async () => {
  await using patient = await admit();
  openDataDirectory(patient.dataDir).close();
  using other = new DatabaseSync(databasePath(patient.dataDir));
  other.exec("BEGIN IMMEDIATE");
  assertFindings(await patient.faults(), [["data directory", "fail", /database is locked$/]]);
});

Deno.test("doctor: a stored session that others may read, or that a key should have encrypted, is a warning", async () => {
  await using patient = await admit();
  const { dataDir, session } = patient;
  const stored = { TELEGRAM_STRING_SESSION_FILE: "" };
  await storeSession(dataDir, new Secret(session), undefined);
  assertFindings(await patient.faults(stored), []);
  assertFindings(await patient.faults({ ...stored, SESSION_KEY }), [
    ["data directory", "warn", /^SESSION_KEY is set, and the stored session is not encrypted$/, /`login` again/],
  ]);
  await storeSession(dataDir, new Secret(session), new Secret(SESSION_KEY));
  assertFindings(await patient.faults({ ...stored, SESSION_KEY }), []);
  await Deno.chmod(sessionPath(dataDir), 0o640);
  assertFindings(await patient.faults({ ...stored, SESSION_KEY }), [
    ["data directory", "fail", /^the stored session is open to other users .*\(mode 640\)$/, /^chmod 600 .*session$/],
    ["session", "warn", /^not checked, since others have access/],
  ]);
});

ofSources(
  OF_A_MODULE,
  "doctor: a disk with little room is a warning, one with next to none a failure, in bytes and in files",
  async () => {
    const roomy = { bsize: 4096, bavail: 1 << 20, files: 1 << 20, ffree: 1 << 20 };
    const look = async (figures: Partial<typeof roomy>): Promise<string[]> =>
      (await checkDisk({ dataDir: "/" }, () => Promise.resolve({ ...roomy, ...figures })))
        .map(({ status, message, fix }) =>
          `${status} ${message.split(" for ")[0]} ${fix === undefined ? "" : "fix"}`.trim()
        );
    assert.deepEqual(await look({}), ["ok 4.0 GiB are free"]);
    assert.deepEqual(await look({ bavail: 262_144 }), ["ok 1.0 GiB are free"]);
    assert.deepEqual(await look({ bavail: 262_143 }), ["warn 1023 MiB are free fix"]);
    assert.deepEqual(await look({ bavail: 25_600 }), ["warn 100 MiB are free fix"]);
    assert.deepEqual(await look({ bavail: 25_599 }), ["fail 99 MiB are free fix"]);
    assert.deepEqual((await look({ ffree: 9999 }))[1], "warn room fix");
    assert.deepEqual((await look({ ffree: 99 }))[1], "fail room fix");
    assert.deepEqual((await look({ files: 0, ffree: 0 })).length, 1, "a file system without inodes");
  },
);
