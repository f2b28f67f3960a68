/**
 * The images that the Dockerfile starts from, as this machine can make them: of the same packages and programs.
 * @module
 */
import { textOf } from "./machine.ts";
import type { Need } from "./needs.ts";
import type { StandIn } from "./stand_ins.ts";

/** Variable: the `denort` that compiles in a build. */
const DENORT = "DENORT_BIN";
/** Variable: the Deno that goes with it; that of the tests unless set. */
const DENO = "DENO_COMPILE";

/** Images are made with both parts of Deno. */
export const denort: Need = () => Deno.env.get(DENORT) ? undefined : `${DENORT} names no denort to compile with`;

/** The program of {@link DENO}. */
export function compiler(): string {
  return Deno.env.get(DENO) ?? Deno.execPath();
}

/** Its version. */
export async function compilerVersion(): Promise<string> {
  return /\d+\.\d+\.\d+/.exec(await textOf([compiler(), "--version"]))?.[0] ?? "";
}

/** Which authorities this machine trusts is its own matter: a build in here sees the network as it does. */
const TRUST = ["DENO_TLS_CA_STORE=system", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "SSL_CERT_DIR=/nowhere"];

/** Deno's own image: Debian with Deno. */
export async function denoImage(): Promise<StandIn> {
  const deno = await Deno.realPath(compiler());
  const runtime = Deno.env.get(DENORT);
  if (!runtime) throw new Error(denort());
  return {
    name: `denoland/deno:${await compilerVersion()}`,
    paths: [
      ...["sh", "install", "mkdir", "rm", "cat", "ls", "chmod", "chown", "env"].map((name) => `/usr/bin/${name}`),
      "/etc/ssl/certs/ca-certificates.crt",
      deno,
      runtime,
      "/usr/lib/x86_64-linux-gnu/libnss_dns.so.2",
      "/usr/lib/x86_64-linux-gnu/libresolv.so.2",
    ],
    texts: {
      "/usr/bin/deno": `#!/bin/sh\nexec ${deno} "$@"\n`,
      "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
      "/etc/nsswitch.conf": "hosts: files dns\n",
    },
    changes: [
      "ENV PATH=/usr/bin DENO_DIR=/deno-dir DENO_NO_UPDATE_CHECK=1",
      `ENV ${DENORT}=${runtime} ${TRUST.join(" ")}`,
    ],
  };
}

/** What distroless takes from Debian for programs in C and C++, besides the certificates of authorities in one file. */
const PACKAGES = [
  ...["base-files", "netbase", "tzdata", "media-types"],
  ...["libc6", "libssl3", "gcc-12-base", "libgcc-s1", "libgomp1", "libstdc++6"],
];

/** https://github.com/GoogleContainerTools/distroless/tree/main/cc */
export async function distroless(): Promise<StandIn> {
  const listed = (await textOf(["dpkg", "-L", ...PACKAGES])).split("\n");
  return {
    name: "gcr.io/distroless/cc-debian12:nonroot",
    paths: ["/etc/ssl/certs/ca-certificates.crt"],
    asTheyAre: listed.filter((path) => path.startsWith("/")),
    texts: {
      "/etc/passwd":
        "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
      "/etc/group": "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n",
      "/etc/nsswitch.conf": "hosts: files dns\n",
    },
    folders: ["/home/nonroot"],
    changes: [
      "USER 65532",
      "WORKDIR /home/nonroot",
      "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
    ],
  };
}
