/**
 * Images that stand in for public ones, where no registry can be reached: the same programs at the same places, from this machine's
 * Debian packages.
 * @module
 */
import { dirname, join } from "node:path";
import { textOf } from "./machine.ts";

/** A part of this machine that goes into an image. */
export interface StandIn {
  readonly name: string;
  /** Files and folders, with the libraries that the programs among them need. */
  readonly paths: readonly string[];
  /** Files, links and folders that are taken as they are, without what is in the folders or at the links' ends. */
  readonly asTheyAre?: readonly string[];
  /** Texts of more files, by their path; those that begin with `#!` can be run. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Empty folders that are the app's user's alone. */
  readonly folders?: readonly string[];
  /** Instructions as in a Dockerfile. */
  readonly changes?: readonly string[];
}

/** As in the Dockerfile. */
const APP_USER = 65532;

/** A shell and what scripts call. */
const SHELL = [
  ...[
    "sh",
    "cat",
    "chmod",
    "chown",
    "cp",
    "ln",
    "ls",
    "mkdir",
    "mktemp",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sleep",
    "stat",
  ],
  ...["cksum", "cut", "dirname", "env", "grep", "head", "id", "sort", "test", "touch", "tr", "wc", "curl", "openssl"],
].map(programPath);

const ACCOUNTS = {
  "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnginx:x:101:101:nginx:/nonexistent:/bin/false\n",
  "/etc/group": "root:x:0:\nnginx:x:101:\n",
  "/etc/nsswitch.conf": "hosts: files dns\n",
};

/** The newest nginx that Debian has, which `packages.sh` puts there. */
export const NGINX_ROOT = "/opt/nginx-stable";

/** nginx's own image: the program, its user, and its first site. */
export const NGINX: StandIn = {
  name: "nginx:1.30",
  paths: [...SHELL, NGINX_ROOT, "/usr/lib/ssl/openssl.cnf", "/etc/ssl/openssl.cnf"],
  texts: {
    ...ACCOUNTS,
    "/usr/sbin/nginx": `#!/bin/sh\nexec ${NGINX_ROOT}/nginx "$@"\n`,
    "/etc/nginx/mime.types": "types { text/html html; application/json json; text/plain txt; }\n",
    "/etc/nginx/conf.d/default.conf": "server { listen 80; server_name localhost; }\n",
    "/var/log/nginx/README": "\n",
    "/var/lib/nginx/README": "\n",
  },
  changes: ['ENTRYPOINT ["/docker-entrypoint.sh"]', 'CMD ["nginx", "-g", "daemon off;"]'],
};

/** certbot's own image. */
export const CERTBOT: StandIn = {
  name: "certbot/certbot:v5.7.0",
  paths: [
    ...SHELL,
    ...["/usr/bin/certbot", "/usr/bin/python3", "/usr/lib/python3", "/usr/lib/python3.11"],
    ...[
      "/usr/lib/ssl/openssl.cnf",
      "/etc/ssl/openssl.cnf",
      "/usr/lib/x86_64-linux-gnu/ossl-modules",
      "/usr/share/zoneinfo",
    ],
  ],
  texts: ACCOUNTS,
  changes: ['ENTRYPOINT ["certbot"]', "ENV LANG=C.UTF-8"],
};

function programPath(name: string): string {
  const output = new Deno.Command("sh", { args: ["-c", 'command -v "$0"', name], stderr: "null" }).outputSync();
  const path = new TextDecoder().decode(output.stdout).trim();
  return path.startsWith("/") ? path : `/usr/bin/${name}`;
}

/**
 * Imports an image into a daemon.
 * @param docker runs the client with arguments, and the file as its standard input
 */
export async function importStandIn(
  { name, paths, asTheyAre = [], texts = {}, folders = [], changes = [] }: StandIn,
  docker: (args: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    const all = [...new Set([...paths, ...await librariesOf(paths)])];
    for (const folder of ["bin", "sbin", "lib", "lib64"]) {
      await Deno.mkdir(join(root, "usr", folder), { recursive: true });
      await Deno.symlink(`usr/${folder}`, join(root, folder));
    }
    if (asTheyAre.length > 0) await copyAsTheyAre(asTheyAre, root);
    await Deno.mkdir(join(root, "tmp"), { recursive: true });
    await Deno.chmod(join(root, "tmp"), 0o1777);
    for (const path of all) await copy(path, root);
    for (const [path, text] of Object.entries(texts)) {
      await Deno.mkdir(dirname(join(root, path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    for (const path of folders) {
      await Deno.mkdir(join(root, path), { recursive: true });
      await Deno.chown(join(root, path), APP_USER, APP_USER);
      await Deno.chmod(join(root, path), 0o700);
    }
    const archive = join(root, "..", `${root.split("/").at(-1)}.tar`);
    try {
      await textOf(["tar", "-C", root, "-cf", archive, "."]);
      await docker(["import", ...changes.flatMap((change) => ["--change", change]), archive, name]);
    } finally {
      await Deno.remove(archive);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Links are followed at their end only: what a program is called may matter to it. */
async function copy(path: string, root: string): Promise<void> {
  const target = join(root, path);
  await Deno.mkdir(dirname(target), { recursive: true });
  await textOf(["cp", "-a", "--dereference", path, dirname(target)]);
}

async function copyAsTheyAre(paths: readonly string[], root: string): Promise<void> {
  const script = 'tar -C / --no-recursion --ignore-failed-read -cf - -T - | tar -C "$0" --keep-directory-symlink -xf -';
  await textOf(["sh", "-c", script, root], { input: paths.map((path) => `.${path}\n`).join("") });
}

/** What `ldd` names, of programs and of all compiled modules in folders. */
async function librariesOf(paths: readonly string[]): Promise<string[]> {
  const files = await textOf(["find", "-L", ...paths, "-type", "f", "(", "-perm", "-u+x", "-o", "-name", "*.so*", ")"]);
  const libraries = new Set<string>();
  const own = files.split("\n").filter((file) => file !== "" && !file.startsWith(NGINX_ROOT));
  // Of scripts it says that they are not dynamic, which is no failure here.
  const { stdout } = await new Deno.Command("ldd", { args: own, stderr: "null" }).output();
  for (const [, library] of new TextDecoder().decode(stdout).matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)) {
    if (library !== undefined) libraries.add(library);
  }
  return [...libraries];
}
